//! Source lines of compiled code: a flat table from offsets in a component to a file and a line.
//!
//! Debug information is written by whoever made the component, and to interpret it takes recursion. So the host
//! never does: the compiler, which is a process with bounds, reads the line programs alone and writes this table.

mod programs;
mod sections;
mod table;

use std::sync::Arc;

pub(super) use table::table;

/// The most rows of a table; a component that has more gets no table.
const MOST_ROWS: usize = 1 << 18;
/// The most files that rows name.
const MOST_FILES: usize = 4096;
/// The longest name of a file, in bytes.
const LONGEST_FILE: usize = 256;
/// The file of a row after which nothing is known until the next one.
const NO_FILE: u32 = u32::MAX;

/// The bytes of a row, and of the two counts before the rows.
const ROW: usize = 12;
const COUNTS: usize = 8;

/// Where a stretch of code begins, and what it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    offset: u32,
    file: u32,
    line: u32,
}

/// The lines of one component; empty where it carries none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lines(Arc<Table>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    /// By offset.
    rows: Vec<Row>,
    files: Vec<Box<str>>,
}

impl Lines {
    /// Reads a table. What is not one is an empty table.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        Self(Arc::new(Table::decode(bytes).unwrap_or_default()))
    }

    /// The file and the line of the code at an offset in the component.
    pub(super) fn find(&self, offset: usize) -> Option<(&str, u32)> {
        let offset = u32::try_from(offset).ok()?;
        let Table { rows, files } = self.0.as_ref();
        let after = rows.partition_point(|row| row.offset <= offset);
        let row = rows.get(after.checked_sub(1)?)?;
        let file = files.get(usize::try_from(row.file).ok()?)?;
        Some((file, row.line))
    }
}

impl Table {
    /// Counts of rows and files, the rows, and the files, each with its length before it.
    fn encode(&self) -> Vec<u8> {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
        let mut bytes = Vec::with_capacity(COUNTS + ROW * self.rows.len());
        bytes.extend(number(self.rows.len()));
        bytes.extend(number(self.files.len()));
        for row in &self.rows {
            for field in [row.offset, row.file, row.line] {
                bytes.extend(field.to_le_bytes());
            }
        }
        for file in &self.files {
            bytes.extend(number(file.len()));
            bytes.extend(file.as_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut number = || {
            let (number, after) = rest.split_first_chunk()?;
            rest = after;
            Some(u32::from_le_bytes(*number))
        };
        let rows = usize::try_from(number()?).ok()?;
        let files = usize::try_from(number()?).ok()?;
        if rows > MOST_ROWS || files > MOST_FILES {
            return None;
        }
        let rows: Option<Vec<Row>> = (0..rows)
            .map(|_| {
                Some(Row {
                    offset: number()?,
                    file: number()?,
                    line: number()?,
                })
            })
            .collect();
        let files: Option<Vec<Box<str>>> = (0..files)
            .map(|_| {
                let (length, after) = rest.split_first_chunk()?;
                let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
                let (file, after) = after.split_at_checked(length)?;
                rest = after;
                str::from_utf8(file).ok().map(Into::into)
            })
            .collect();
        let (rows, files) = (rows?, files?);
        let is_sorted = rows.is_sorted_by_key(|row| row.offset);
        (is_sorted && rest.is_empty()).then_some(Self { rows, files })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Table {
        let row = |offset, file, line| Row { offset, file, line };
        Table {
            rows: vec![row(10, 0, 7), row(20, 1, 8), row(30, NO_FILE, 0)],
            files: vec!["a.rs".into(), "b.rs".into()],
        }
    }

    #[test]
    fn an_offset_is_found_between_its_row_and_the_next() {
        let lines = Lines::decode(&some().encode());
        for (offset, place) in [
            (9, None),
            (10, Some(("a.rs", 7))),
            (19, Some(("a.rs", 7))),
            (29, Some(("b.rs", 8))),
            (30, None),
            (usize::MAX, None),
        ] {
            assert_eq!(lines.find(offset), place, "{offset}");
        }
    }

    #[test]
    fn bytes_that_are_no_table_are_an_empty_table() {
        let whole = some().encode();
        assert_eq!(Lines::decode(&whole), Lines(Arc::new(some())));
        for end in 0..whole.len() {
            assert_eq!(Lines::decode(&whole[..end]), Lines::default(), "{end}");
        }
        let mut unsorted = whole.clone();
        unsorted[COUNTS] = 255;
        let mut more = whole.clone();
        more.push(0);
        let many = [u32::MAX.to_le_bytes(), [0; 4]].concat();
        for other in [unsorted, more, many] {
            assert_eq!(Lines::decode(&other), Lines::default());
        }
    }
}
