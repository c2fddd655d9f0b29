//! Components that no compiler makes: written as text, around the contract's own calls.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::hosting::guests_dir;

/// The section of a component that holds a core module (component model, binary format).
const CORE_MODULE: u8 = 1;
/// The section that gives an export of a core instance an index.
const ALIASES: u8 = 6;

/// What a handmade component has besides what the contract asks for. Without any of it, it behaves, and its
/// domain has no record.
#[derive(Debug, Clone, Copy, Default)]
pub struct Handmade {
    /// Fields of the module: functions, tables, data, a start.
    pub fields: &'static str,
    /// What is done before `prepare` answers.
    pub prepare: &'static str,
    /// What is done before `clone` answers.
    pub clone: &'static str,
    /// What is done before room is given for an argument.
    pub realloc: &'static str,
    /// Pages of memory that it begins with, where it is not two.
    pub pages: Option<u32>,
    /// The source file and line that all of it is said to come from, in debug information.
    pub source: Option<(&'static str, u8)>,
    /// What its debug information has besides, where it has a source.
    pub entries: Entries,
    /// Whether its exports for `clone` and `cleanup` have each other's names; each call is made all the same.
    pub swapped: bool,
}

/// Entries of debug information that cost a reader more than they say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entries {
    /// Functions that are inlined into one another, each within the last.
    pub inlined: usize,
    /// Units, each of all the ranges.
    pub units: usize,
    /// Ranges.
    pub ranges: u32,
}

impl Handmade {
    /// The component: one that a compiler made, with this module in the place of its own. What is around it are
    /// the contract's types and calls, and a module with the same exports is called as its own was.
    pub fn encode(&self) -> Vec<u8> {
        let made = fs::read(guests_dir().join("fleet.wasm")).unwrap();
        let mut module = wat::parse_str(self.text()).unwrap();
        if let Some((file, line)) = self.source {
            module.extend(debug_information(file, line, self.entries));
        }
        let (preamble, mut rest) = made.split_at(8);
        let mut component = preamble.to_vec();
        let mut placed = false;
        while let Some((&id, after)) = rest.split_first() {
            let (size, after) = read_size(after);
            let (content, next) = after.split_at(size);
            // The first module is the plugin's; those behind it only pass calls on.
            let own = id == CORE_MODULE && !placed;
            placed |= own;
            component.push(id);
            let renamed = (self.swapped && id == ALIASES).then(|| swapped(content));
            let content = match &renamed {
                Some(renamed) => renamed,
                None if own => module.as_slice(),
                None => content,
            };
            write_size(content.len(), &mut component);
            component.extend_from_slice(content);
            rest = next;
        }
        assert!(placed, "there is no module in the component");
        component
    }

    /// At 1024 stands an answer: a case, and behind it a list. All of it is zero: the case `ok`, and no segment.
    fn text(&self) -> String {
        let Self {
            fields,
            prepare,
            clone,
            realloc,
            pages,
            source: _,
            entries: _,
            swapped,
        } = self;
        let pages = pages.unwrap_or(2);
        let (clone_name, cleanup_name) = match swapped {
            false => ("clone", "cleanup"),
            true => ("cleanup", "clone"),
        };
        format!(
            r#"(module
                (import "levain:domain/host@0.1.0" "log" (func $log (param i32 i32 i32)))
                (memory (export "memory") {pages})
                (global $free (mut i32) (i32.const 4096))
                {fields}
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                    (local $at i32)
                    {realloc}
                    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
                    (global.set $free (i32.add (local.get $at) (local.get 3)))
                    (block $fits
                        (br_if $fits (i32.lt_u (global.get $free)
                            (i32.mul (memory.size) (i32.const 65536))))
                        (drop (memory.grow (i32.add (i32.const 1)
                            (i32.div_u (local.get 3) (i32.const 65536))))))
                    (local.get $at))
                (func (export "levain:domain/lifecycle@0.1.0#prepare") (param i32 i32) (result i32)
                    {prepare}
                    (i32.const 1024))
                (func (export "levain:domain/lifecycle@0.1.0#{clone_name}")
                    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i64) (result i32)
                    {clone}
                    (i32.const 1024))
                (func (export "levain:domain/lifecycle@0.1.0#{cleanup_name}") (param i32) (result i32)
                    (i32.const 1024))
                (func (export "cabi_post_levain:domain/lifecycle@0.1.0#prepare") (param i32))
                (func (export "cabi_post_levain:domain/lifecycle@0.1.0#clone") (param i32))
                (func (export "cabi_post_levain:domain/lifecycle@0.1.0#cleanup") (param i32)))"#
        )
    }

    /// Writes it as `handmade.wasm` beside the puppet.
    pub fn write(&self, directory: &TempDir) -> PathBuf {
        let plugins = directory.path().join("plugins");
        fs::create_dir_all(&plugins).unwrap();
        fs::copy(
            guests_dir().join("puppet.wasm"),
            plugins.join("puppet.wasm"),
        )
        .unwrap();
        fs::write(plugins.join("handmade.wasm"), self.encode()).unwrap();
        plugins
    }
}

/// A section of aliases in which the core exports for `clone` and `cleanup` change places.
fn swapped(aliases: &[u8]) -> Vec<u8> {
    let named = |call: &str| {
        let name = format!("levain:domain/lifecycle@0.1.0#{call}");
        let mut bytes = Vec::new();
        write_size(name.len(), &mut bytes);
        bytes.extend(name.as_bytes());
        bytes
    };
    let (clone, cleanup) = (named("clone"), named("cleanup"));
    let mut swapped = Vec::new();
    let mut rest = aliases;
    while let Some((byte, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(clone.as_slice()) {
            swapped.extend(&cleanup);
            rest = after;
        } else if let Some(after) = rest.strip_prefix(cleanup.as_slice()) {
            swapped.extend(&clone);
            rest = after;
        } else {
            swapped.push(*byte);
            rest = after;
        }
    }
    swapped
}

/// Sections of DWARF 4 that have every instruction come from one line of a file (below 64).
fn debug_information(file: &str, line: u8, entries: Entries) -> Vec<u8> {
    /// More than there is of it: what is asked for is always within.
    const CODE_BYTES: u32 = 1 << 20;
    let text = |text: &str| [text.as_bytes(), &[0]].concat();
    let with_length = |content: Vec<u8>| {
        let length = u32::try_from(content.len()).unwrap();
        [length.to_le_bytes().to_vec(), content].concat()
    };
    // A unit with children, its name, its lines, and which code is its own; a function, and which code is its own;
    // a function that is inlined; a unit that has ranges.
    let abbreviations = vec![
        1, 0x11, 1, 0x03, 0x08, 0x10, 0x17, 0x11, 0x01, 0x12, 0x06, 0, 0, //
        2, 0x2e, 1, 0x11, 0x01, 0x12, 0x06, 0, 0, //
        3, 0x1d, 1, 0, 0, //
        4, 0x11, 0, 0x55, 0x17, 0, 0, 0,
    ];
    let all_code = [[0; 4], CODE_BYTES.to_le_bytes()].concat();
    let header = [4, 0, 0, 0, 0, 0, 4];
    let own = with_length(
        [
            &header[..],
            &[1],
            &text(file),
            &[0; 4],
            &all_code,
            &[2],
            &all_code,
            &vec![3; entries.inlined],
            &vec![0; entries.inlined],
            &[0, 0],
        ]
        .concat(),
    );
    let ranged = with_length([&header[..], &[4], &[0; 4]].concat());
    let unit = [own, ranged.repeat(entries.units)].concat();
    let ranges = (0..entries.ranges)
        .flat_map(|place| [place, CODE_BYTES])
        .chain([0, 0])
        .flat_map(u32::to_le_bytes);
    let ranges: Vec<u8> = ranges.collect();
    let tables = [
        vec![1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0],
        text(file),
        vec![0; 4],
    ]
    .concat();
    // From address 0, on this line, for all of the code; then the end.
    let address = [0, 5, 2, 0, 0, 0, 0];
    let row = [3, line - 1, 1];
    // Twenty bits further, and the end of the sequence.
    let end = [2, 0x80, 0x80, 0x40, 0, 1, 1];
    let program = [&address[..], &row, &end].concat();
    let lines = with_length([vec![4, 0], with_length(tables), program].concat());
    let mut sections = Vec::new();
    for (name, content) in [
        (".debug_abbrev", abbreviations),
        (".debug_info", unit),
        (".debug_line", lines),
        (".debug_ranges", ranges),
    ] {
        sections.push(0);
        write_size(1 + name.len() + content.len(), &mut sections);
        write_size(name.len(), &mut sections);
        sections.extend_from_slice(name.as_bytes());
        sections.extend(content);
    }
    sections
}

/// A size in LEB128, and what follows it.
fn read_size(bytes: &[u8]) -> (usize, &[u8]) {
    let mut size = 0;
    for (place, byte) in bytes.iter().enumerate() {
        size |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return (size, &bytes[place + 1..]);
        }
    }
    panic!("a size without an end");
}

/// Writes a size in LEB128.
pub(super) fn write_size(mut size: usize, bytes: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(size & 0x7f).unwrap();
        size >>= 7;
        bytes.push(if size == 0 { low } else { low | 0x80 });
        if size == 0 {
            return;
        }
    }
}
