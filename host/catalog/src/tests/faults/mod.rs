//! Every kind of fault that a catalog can have, each with its file, its pointer and its rule.

mod catalog_file;
mod fixtures;
mod products;
mod schemas;
mod triggers;

use serde_json::Value;

use super::library::Library;

/// Demands that the one fault of a library is this one.
fn only(library: &Library, source: &str, pointer: &str, rule: &str, message: &str) {
    let faults = library.faults();
    let listed = faults
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    assert_eq!(faults.len(), 1, "{listed}");
    assert_eq!(
        (
            faults[0].source.as_str(),
            faults[0].pointer.as_str(),
            faults[0].rule.as_str()
        ),
        (source, pointer, rule),
        "{listed}"
    );
    assert!(faults[0].message.contains(message), "{listed}");
}

fn fixture(file: &str, change: impl FnOnce(&mut Value)) -> Library {
    Library::new().with(file, change)
}
