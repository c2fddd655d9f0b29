//! The layout of the host: which room imports which, and no circle of imports inside a room.
//!
//! Imports are read from the sources as text. A name that a module re-exports counts as an import of the file that
//! defines it; the re-export itself does not count. Test modules may import anything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::root;

/// A module's path from the crate's root: `["sessions", "clone"]`.
type Module = Vec<String>;

/// One source file.
#[derive(Debug, Default)]
struct Source {
    /// Its text without comments, strings and test modules.
    text: String,
    /// Names that its `use` items bind, and what they stand for.
    bound: BTreeMap<String, Module>,
    /// Paths that it mentions, other than in re-exports.
    mentioned: BTreeSet<Module>,
}

/// A line without `(in path)`: a visibility imports nothing.
fn without_visibility(line: &str) -> String {
    match line
        .split_once("pub(in ")
        .and_then(|(before, after)| Some((before, after.split_once(')')?.1)))
    {
        Some((before, after)) => format!("{before}pub{}", without_visibility(after)),
        None => line.to_owned(),
    }
}

/// Replaces comments and the contents of strings by spaces, and cuts the file at its test module.
fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut is_in_string = false;
    for line in text.lines() {
        if line.starts_with("mod tests {") {
            break;
        }
        let line = without_visibility(line);
        let mut characters = line.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\\' if is_in_string => drop(characters.next()),
                '"' => is_in_string = !is_in_string,
                _ if is_in_string => {}
                '/' if characters.peek() == Some(&'/') => break,
                '\'' if characters.clone().nth(1) == Some('\'') => drop(characters.nth(1)),
                _ => code.push(character),
            }
        }
        code.push('\n');
    }
    code
}

/// The leaves of a use tree: `a::{b, c::d as e}` is `a::b` and `a::c::d`, each with the name that it binds.
fn leaves(tree: &str, above: &Module, found: &mut Vec<(Module, String)>) {
    let tree = tree.trim();
    let open = tree.find('{');
    let (path, inner) = match open {
        Some(open) => (&tree[..open], tree[open + 1..].trim_end().strip_suffix('}')),
        None => (tree, None),
    };
    let (path, alias) = path
        .split_once(" as ")
        .map_or((path, None), |(path, alias)| (path, Some(alias)));
    let steps = path
        .split("::")
        .map(str::trim)
        .filter(|step| !step.is_empty());
    let path: Module = above
        .iter()
        .cloned()
        .chain(steps.map(str::to_owned))
        .collect();
    let Some(inner) = inner else {
        let name = alias.map(str::trim).or(path.last().map(String::as_str));
        let name = name.unwrap_or_default().to_owned();
        found.push((path, name));
        return;
    };
    let (mut depth, mut start) = (0, 0);
    for (at, character) in inner.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                leaves(&inner[start..at], &path, found);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !inner[start..].trim().is_empty() {
        leaves(&inner[start..], &path, found);
    }
}

/// A path as it is written in a module, from the crate's root; `None` for one of another crate.
fn absolute(path: &[String], module: &Module, modules: &BTreeSet<Module>) -> Option<Module> {
    let mut path = path.iter().peekable();
    let mut absolute = match path.peek()?.as_str() {
        "crate" => {
            path.next();
            Vec::new()
        }
        "self" => {
            path.next();
            module.clone()
        }
        "super" => module.clone(),
        first => {
            let child: Module = module.iter().cloned().chain([first.to_owned()]).collect();
            if !modules.contains(&child) {
                return None;
            }
            module.clone()
        }
    };
    for step in path {
        match step.as_str() {
            "super" => drop(absolute.pop()),
            "self" => {}
            name => absolute.push(name.to_owned()),
        }
    }
    Some(absolute)
}

/// Reads the sources of the host, but for modules that are of its tests or fuzz targets.
fn sources() -> BTreeMap<Module, Source> {
    let mut texts = BTreeMap::new();
    read(&root().join("host/src"), &Vec::new(), &mut texts);
    let modules: BTreeSet<Module> = texts.keys().cloned().collect();
    let mut sources = BTreeMap::new();
    for (module, text) in texts {
        let mut source = Source::default();
        let mut rest = String::new();
        for statement in text.split_inclusive(';') {
            let is_use = |at: &usize| {
                statement[..*at].trim_end().is_empty() || statement[..*at].ends_with([' ', '\n'])
            };
            let Some(at) = statement
                .find("use ")
                .filter(is_use)
                .filter(|_| statement.ends_with(';'))
            else {
                rest.push_str(statement);
                continue;
            };
            let is_public = statement[..at]
                .trim_end()
                .lines()
                .last()
                .is_some_and(|line| line.trim().starts_with("pub"));
            rest.push_str(&statement[..at]);
            let mut found = Vec::new();
            leaves(
                statement[at + 4..].trim_end_matches(';'),
                &Vec::new(),
                &mut found,
            );
            for (path, name) in found {
                let Some(path) = absolute(&path, &module, &modules) else {
                    continue;
                };
                if !is_public {
                    source.mentioned.insert(path.clone());
                }
                source.bound.insert(name, path);
            }
        }
        // Paths outside `use`.
        let boundary = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
        for word in rest.split(boundary).filter(|word| word.contains("::")) {
            let path: Module = word
                .split("::")
                .filter(|step| !step.is_empty())
                .map(str::to_owned)
                .collect();
            source.mentioned.extend(absolute(&path, &module, &modules));
        }
        source.text = rest;
        sources.insert(module, source);
    }
    sources
}

fn read(directory: &Path, module: &Module, texts: &mut BTreeMap<Module, String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if ["tests", "testing", "cases", "fuzzing"].contains(&name.as_str()) {
            continue;
        }
        let mut inner = module.clone();
        if !["mod", "lib", "main"].contains(&name.as_str()) {
            inner.push(name);
        }
        if path.is_dir() {
            read(&path, &inner, texts);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = code(&std::fs::read_to_string(&path).unwrap());
            texts.entry(inner).or_default().push_str(&text);
        }
    }
}

/// The file that defines what a path names: re-exports are followed.
fn definer(path: &Module, sources: &BTreeMap<Module, Source>) -> Option<Module> {
    let mut path = path.clone();
    for _ in 0..16 {
        let known = (0..=path.len())
            .rev()
            .find(|length| sources.contains_key(&path[..*length]))?;
        let module = path[..known].to_vec();
        let Some(name) = path.get(known) else {
            return Some(module);
        };
        match sources[&module].bound.get(name) {
            Some(elsewhere) if *elsewhere != path => {
                path = elsewhere
                    .iter()
                    .cloned()
                    .chain(path[known + 1..].iter().cloned())
                    .collect();
            }
            _ => return Some(module),
        }
    }
    None
}

/// The arrows between files: who imports, and what.
fn arrows() -> BTreeSet<(Module, Module)> {
    let sources = sources();
    let mut arrows = BTreeSet::new();
    for (module, source) in &sources {
        let to = source
            .mentioned
            .iter()
            .filter_map(|path| definer(path, &sources));
        arrows.extend(to.filter(|to| to != module).map(|to| (module.clone(), to)));
    }
    arrows
}

/// The nodes that lie on a circle: those that reach themselves.
fn circles<T: Ord + Clone>(arrows: &BTreeSet<(T, T)>) -> Vec<T> {
    let mut to: BTreeMap<&T, BTreeSet<&T>> = BTreeMap::new();
    for (from, target) in arrows {
        to.entry(from).or_default().insert(target);
    }
    let reaches_itself = |start: &&T| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![*start]);
        while let Some(node) = open.pop() {
            for next in to.get(node).into_iter().flatten() {
                if next == start {
                    return true;
                }
                if seen.insert(*next) {
                    open.push(next);
                }
            }
        }
        false
    };
    to.keys().copied().filter(reaches_itself).cloned().collect()
}

fn room(module: &Module) -> String {
    module.first().cloned().unwrap_or_default()
}
/// The rooms that a room may import: those below it.
const ARROWS: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("allocator", &[]),
    ("metrics", &[]),
    ("traces", &["metrics"]),
    ("logging", &["traces"]),
    ("keys", &[]),
    ("mirror", &["metrics"]),
    ("notices", &["clock", "metrics"]),
    ("receipts", &[]),
    ("sandbox", &["metrics"]),
    ("plugins", &["sandbox"]),
    (
        "sessions",
        &[
            "clock", "metrics", "mirror", "notices", "plugins", "receipts", "sandbox", "traces",
        ],
    ),
    (
        "revisions",
        &["clock", "notices", "plugins", "sandbox", "sessions"],
    ),
    (
        "http",
        &["metrics", "plugins", "receipts", "revisions", "sessions"],
    ),
    (
        "config",
        &["keys", "logging", "mirror", "notices", "sandbox"],
    ),
];

/// What wires the rooms together, and so imports what it likes.
const WIRING: &[&str] = &["", "app", "cli"];

#[test]
fn rooms_import_only_what_is_below_them() {
    let mut wrong = BTreeSet::new();
    for (from, to) in arrows() {
        let (from, to) = (room(&from), room(&to));
        if from == to || WIRING.contains(&from.as_str()) {
            continue;
        }
        let allowed = ARROWS.iter().find(|(room, _)| *room == from);
        let allowed = allowed.unwrap_or_else(|| panic!("`{from}` is not in ARROWS"));
        if !allowed.1.contains(&to.as_str()) {
            wrong.insert(format!("{from} imports {to}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_room_has_a_circle_of_imports() {
    let arrows = arrows();
    assert!(arrows.len() > 500, "{} arrows were read", arrows.len());
    let rooms: BTreeSet<String> = arrows.iter().map(|(from, _)| room(from)).collect();
    let circular: Vec<String> = rooms
        .into_iter()
        .filter(|name| {
            let inside = |module: &Module| room(module) == *name;
            let arrows = arrows
                .iter()
                .filter(|(from, to)| inside(from) && inside(to));
            !circles(&arrows.cloned().collect()).is_empty()
        })
        .collect();
    assert!(circular.is_empty(), "{circular:?}");
}

#[test]
fn catalog_store_and_model_know_nothing_of_the_rooms_above() {
    for (name, allowed) in [
        ("model", &[][..]),
        ("catalog", &["levain-model", "levain-plugin"]),
        ("store", &["levain-model"]),
    ] {
        let manifest = root().join("host").join(name).join("Cargo.toml");
        let manifest: toml::Table = std::fs::read_to_string(manifest).unwrap().parse().unwrap();
        let dependencies = manifest["dependencies"].as_table().unwrap().keys();
        let ours: Vec<&String> = dependencies
            .filter(|name| name.starts_with("levain"))
            .collect();
        assert_eq!(ours, allowed);
        let above = ["wasmtime", "axum", "hyper", "tower"];
        let dependencies = manifest["dependencies"].as_table().unwrap();
        assert!(above.iter().all(|name| !dependencies.contains_key(*name)));
    }
}

#[test]
fn circles_are_found() {
    let arrows = [("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")];
    assert_eq!(circles(&BTreeSet::from(arrows)), ["b", "c"]);
}

#[test]
fn use_trees_are_read_to_their_leaves() {
    let mut found = Vec::new();
    leaves("super::{a::{self, b as c}, d}", &Vec::new(), &mut found);
    let found: Vec<String> = found
        .into_iter()
        .map(|(path, name)| format!("{} {name}", path.join("::")))
        .collect();
    assert_eq!(
        found,
        ["super::a::self self", "super::a::b c", "super::d d"]
    );
}
