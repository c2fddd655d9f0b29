//! Makes the table of a component, or of what was made from one.

use std::collections::HashMap;

use super::programs::{self, Span};
use super::sections::{Module, modules};
use super::{MOST_FILES, MOST_ROWS, NO_FILE, Row, Table};

/// The most ranges of code that are read.
const MOST_SPANS: usize = 4 * MOST_ROWS;

/// The encoded lines of `made`, by the debug information of the component that it was made from. Of a function that
/// `made` has with another body, it has none. Empty where there is no debug information, or too much of it, or where
/// it is malformed.
pub(in crate::sandbox) fn table(original: &[u8], made: &[u8]) -> Vec<u8> {
    let table = build(original, made).filter(|table| !table.rows.is_empty());
    table.map(|table| table.encode()).unwrap_or_default()
}

fn build(original: &[u8], made: &[u8]) -> Option<Table> {
    let mut building = Building::default();
    // Modules keep their order; those that are added come last.
    for (from, to) in modules(original)?.iter().zip(&modules(made)?) {
        // Each program numbers its files itself.
        let (mut current, mut numbers) = (0, HashMap::new());
        programs::run(from, |files, program, span| {
            if std::mem::replace(&mut current, program) != program {
                numbers.clear();
            }
            let file = match numbers.get(&span.file) {
                Some(file) => *file,
                None => {
                    let file = building.file(|| files.path(span.file))?;
                    numbers.insert(span.file, file);
                    file
                }
            };
            building.place(from, to, file, &span)
        })?;
    }
    building.finish()
}

/// A stretch of code in the component.
struct Stretch {
    start: u32,
    end: u32,
    file: u32,
    line: u32,
}

#[derive(Default)]
struct Building {
    stretches: Vec<Stretch>,
    files: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
    looked: usize,
}

impl Building {
    /// The number of a file; [`NO_FILE`] where it has no name. `None` where there are too many.
    fn file(&mut self, path: impl FnOnce() -> Option<String>) -> Option<u32> {
        let Some(path) = path() else {
            return Some(NO_FILE);
        };
        if let Some(number) = self.numbers.get(path.as_str()) {
            return Some(*number);
        }
        let number = u32::try_from(self.files.len()).ok()?;
        if self.files.len() >= MOST_FILES {
            return None;
        }
        self.files.push(path.as_str().into());
        self.numbers.insert(path.into(), number);
        Some(number)
    }

    /// Puts a span where its functions are in what was made. `None` where there is too much of it.
    fn place(&mut self, from: &Module<'_>, to: &Module<'_>, file: u32, span: &Span) -> Option<()> {
        let within = |address: u64| {
            let address = usize::try_from(address).unwrap_or(usize::MAX);
            address.saturating_add(from.code)
        };
        let (start, end) = (within(span.addresses.start), within(span.addresses.end));
        let first = from.bodies.partition_point(|body| body.end <= start);
        for (own, there) in from.bodies.iter().zip(&to.bodies).skip(first) {
            if own.start >= end {
                break;
            }
            self.looked += 1;
            if self.looked > MOST_SPANS {
                return None;
            }
            // A body of another length is another body.
            if file == NO_FILE || own.end - own.start != there.end - there.start {
                continue;
            }
            let at = |offset: usize| {
                let within = offset.clamp(own.start, own.end) - own.start;
                u32::try_from(there.start + within).ok()
            };
            self.stretches.push(Stretch {
                start: at(start)?,
                end: at(end)?,
                file,
                line: span.line,
            });
        }
        Some(())
    }

    fn finish(mut self) -> Option<Table> {
        self.stretches.sort_by_key(|stretch| stretch.start);
        let mut rows: Vec<Row> = Vec::new();
        let mut stretches = self.stretches.iter().peekable();
        while let Some(stretch) = stretches.next() {
            let Stretch {
                start,
                end,
                file,
                line,
            } = *stretch;
            let is_new = |row: &Row| (row.file, row.line) != (file, line);
            if rows.last().is_none_or(is_new) {
                rows.push(Row {
                    offset: start,
                    file,
                    line,
                });
            }
            if stretches.peek().is_none_or(|next| next.start > end) {
                rows.push(Row {
                    offset: end,
                    file: NO_FILE,
                    line: 0,
                });
            }
        }
        (rows.len() <= MOST_ROWS).then_some(Table {
            rows,
            files: self.files,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::lines::Lines;

    fn section(id: u8, content: &[u8]) -> Vec<u8> {
        let (low, high) = (content.len() % 128, content.len() / 128);
        let length = [low | 0x80, high].map(|part| u8::try_from(part).unwrap());
        [&[id, length[0], length[1]], content].concat()
    }

    /// A component of one module, whose functions have these bodies; the lines of its code, where it has some.
    fn component(bodies: &[&[u8]], lines: &[u8]) -> Vec<u8> {
        let count = [u8::try_from(bodies.len()).unwrap()];
        let sized = |body: &&[u8]| [&[u8::try_from(body.len()).unwrap()], *body].concat();
        let code: Vec<u8> = bodies.iter().flat_map(sized).collect();
        let debug = [&[11], &b".debug_line"[..], lines].concat();
        let module = [
            b"\0asm\x01\0\0\0".to_vec(),
            section(1, &[1, 0x60, 0, 0]),
            section(3, &[&count[..], &vec![0; bodies.len()]].concat()),
            section(10, &[&count[..], &code].concat()),
            match lines {
                [] => Vec::new(),
                _ => section(0, &debug),
            },
        ]
        .concat();
        [b"\0asm\x0d\0\x01\0".to_vec(), section(1, &module)].concat()
    }

    /// A line program of DWARF 4 for files `a.rs` and `src/b.rs`; `rows` are an address, a file and a line each, and
    /// the last is where the sequence ends.
    fn program(rows: &[(u8, u8, u8)]) -> Vec<u8> {
        let tables = [
            &[1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1][..],
            b"src\0\0",
            b"a.rs\0\0\0\0b.rs\0\x01\0\0\0",
        ]
        .concat();
        let mut program = Vec::new();
        let mut last = 1;
        for (place, (address, file, line)) in rows.iter().enumerate() {
            program.extend([0, 5, 2, *address, 0, 0, 0]);
            if place + 1 == rows.len() {
                program.extend([0, 1, 1]);
            } else {
                // The file, the line as a difference, and a row.
                program.extend([4, *file, 3, line.wrapping_sub(last) & 0x7f, 1]);
                last = *line;
            }
        }
        let length = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
        let header = [&[4, 0][..], &length(tables.len()), &tables].concat();
        [&length(header.len() + program.len())[..], &header, &program].concat()
    }

    const FIRST: &[u8] = &[0, 1, 1, 1, 1, 0x0b];
    const SECOND: &[u8] = &[0, 1, 0, 0x0b];
    const TRAPS: &[u8] = &[0, 0, 0x0b];

    /// Where the byte of a body is in a component.
    fn at(component: &[u8], body: &[u8], byte: usize) -> usize {
        let found = component
            .windows(body.len())
            .position(|window| window == body);
        found.unwrap() + byte
    }

    #[test]
    fn lines_follow_their_function_where_others_have_shrunk() {
        // The code begins with the count; the first body is at 2, the second at 9.
        let lines = program(&[(2, 1, 7), (4, 1, 8), (8, 2, 30), (11, 2, 31), (13, 1, 1)]);
        let original = component(&[FIRST, SECOND], &lines);
        let whole = Lines::decode(&table(&original, &original));
        for (body, byte, place) in [
            (FIRST, 0, Some(("a.rs", 7))),
            (FIRST, 2, Some(("a.rs", 8))),
            (FIRST, 5, Some(("a.rs", 8))),
            (SECOND, 0, Some(("src/b.rs", 30))),
            (SECOND, 3, Some(("src/b.rs", 31))),
            (SECOND, 4, None),
        ] {
            assert_eq!(whole.find(at(&original, body, byte)), place, "{byte}");
        }
        let made = component(&[TRAPS, SECOND], &[]);
        let trimmed = Lines::decode(&table(&original, &made));
        let second = |byte| trimmed.find(at(&made, SECOND, byte));
        assert_eq!(second(0), Some(("src/b.rs", 30)));
        assert_eq!(second(2), Some(("src/b.rs", 31)));
        assert_eq!(trimmed.find(at(&made, TRAPS, 0)), None);
    }

    #[test]
    fn debug_information_that_cannot_be_used_gives_no_table() {
        let lines = program(&[(2, 1, 7), (13, 1, 1)]);
        assert!(!table(&component(&[FIRST], &lines), &component(&[FIRST], &[])).is_empty());
        for end in 1..lines.len() {
            let cut = component(&[FIRST], &lines[..end]);
            assert!(table(&cut, &cut).is_empty(), "{end}");
        }
        let none = component(&[FIRST], &[]);
        assert!(table(&none, &none).is_empty());
        assert!(table(b"\0asm", b"\0asm").is_empty());
    }

    #[test]
    fn there_is_a_limit_to_rows_spans_and_files() {
        let body = vec![0..1_usize; 1];
        let module = || Module {
            bodies: body.clone(),
            ..Module::default()
        };
        let mut building = Building::default();
        let span = Span {
            addresses: 0..1,
            file: 0,
            line: 1,
        };
        let placed = (0..=MOST_SPANS)
            .take_while(|_| building.place(&module(), &module(), 0, &span).is_some());
        assert_eq!(placed.count(), MOST_SPANS);
        let named = (0..=MOST_FILES).map_while(|place| building.file(|| Some(place.to_string())));
        assert_eq!(named.count(), MOST_FILES);
        let stretch = |place: u32| Stretch {
            start: place,
            end: place + 1,
            file: 0,
            line: place,
        };
        building.stretches = (0..u32::try_from(MOST_ROWS).unwrap())
            .map(stretch)
            .collect();
        assert!(building.finish().is_none());
    }
}
