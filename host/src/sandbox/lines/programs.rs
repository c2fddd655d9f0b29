//! The line programs of a module, one behind the other. What else debug information has (units, entries, inlined
//! functions) is not looked at: those nest, and refer to each other.

use gimli::{
    AttributeValue, DebugLine, DebugLineOffset, EndianSlice, LineProgramHeader, LittleEndian,
};

use super::LONGEST_FILE;
use super::sections::Module;

type Slice<'b> = EndianSlice<'b, LittleEndian>;

/// A stretch of code that comes from one line. Addresses count from the beginning of the code section.
pub(super) struct Span {
    pub(super) addresses: std::ops::Range<u64>,
    /// The number of its file, within the line program.
    pub(super) file: u64,
    pub(super) line: u32,
}

/// The files of one line program.
pub(super) struct Files<'h, 'b> {
    header: &'h LineProgramHeader<Slice<'b>>,
    module: &'h Module<'b>,
}

/// Runs the line programs of a module. `place` is called with each span and the number of its program; where it
/// returns `None`, so does this.
pub(super) fn run<'b>(
    module: &Module<'b>,
    mut place: impl FnMut(&Files<'_, 'b>, u64, Span) -> Option<()>,
) -> Option<()> {
    let section = DebugLine::new(module.line, LittleEndian);
    let mut offset = 0;
    let mut number = 0;
    while offset < module.line.len() {
        let program = section
            .program(DebugLineOffset(offset), 4, None, None)
            .ok()?;
        let header = program.header();
        let length = usize::from(header.format().initial_length_size());
        offset = offset
            .checked_add(length)?
            .checked_add(header.unit_length())?;
        number += 1;
        let mut rows = program.rows();
        let mut last: Option<(u64, u64, u32)> = None;
        while let Some((header, row)) = rows.next_row().ok()? {
            if let Some((start, file, line)) = last
                && start < row.address()
            {
                let files = Files { header, module };
                let addresses = start..row.address();
                place(
                    &files,
                    number,
                    Span {
                        addresses,
                        file,
                        line,
                    },
                )?;
            }
            let line = row.line().and_then(|line| u32::try_from(line.get()).ok());
            last = match line {
                Some(line) if !row.end_sequence() => Some((row.address(), row.file_index(), line)),
                _ => None,
            };
        }
    }
    Some(())
}

impl Files<'_, '_> {
    /// The path of a file, relative to where it was compiled unless it is absolute.
    pub(super) fn path(&self, file: u64) -> Option<String> {
        let entry = self.header.file(file)?;
        let name = self.text(entry.path_name())?;
        // The first directory is the one that it was compiled in.
        let directory = match entry.directory_index() {
            0 => None,
            _ if name.starts_with('/') => None,
            _ => self.text(entry.directory(self.header)?),
        };
        let path = match directory {
            Some(directory) => format!("{directory}/{name}"),
            None => name,
        };
        let kept = |char: &char| !char.is_control();
        Some(path.chars().filter(kept).take(LONGEST_FILE / 4).collect())
    }

    fn text(&self, value: AttributeValue<Slice<'_>>) -> Option<String> {
        let bytes = match &value {
            AttributeValue::String(text) => text.slice(),
            AttributeValue::DebugStrRef(offset) => self.module.strings.get(offset.0..)?,
            AttributeValue::DebugLineStrRef(offset) => self.module.line_strings.get(offset.0..)?,
            _ => return None,
        };
        // No further than a name can be: many of them may point into one long text.
        let bytes = bytes.get(..LONGEST_FILE).unwrap_or(bytes);
        let text = bytes.split(|byte| *byte == 0).next()?;
        Some(String::from_utf8_lossy(text).into_owned())
    }
}
