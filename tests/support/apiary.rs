//! The trade whose plugins are written in JavaScript and in Python; where a compiler cannot be had, a note
//! about it.

use std::io::Write as _;
use std::path::Path;
use std::sync::OnceLock;

use super::hosting::{Hosting, target_dir};

/// The apiary with its components compiled, once per process; `None` where a compiler cannot be had here, which
/// is said. Compiled code of tens of megabytes is kept from run to run.
pub fn apiary(catalog: &Path) -> Option<&'static Hosting> {
    static APIARY: OnceLock<Option<Hosting>> = OnceLock::new();
    let hosting = APIARY.get_or_init(|| {
        let folder = target_dir().join("toolchains");
        let components = folder.join("components");
        if skipped(&components) {
            return None;
        }
        let hosting = Hosting::load_with_cache(catalog, &components, &folder.join("code"), false);
        let refused: Vec<String> = hosting
            .plugins
            .all_refused()
            .map(ToString::to_string)
            .collect();
        assert!(
            refused.is_empty(),
            "{refused:#?}\nhint: cargo xtask build-toolchains"
        );
        // What older components were compiled to is of no use to anybody.
        let digests = hosting.plugins.all_active();
        hosting
            .sandbox
            .forget_but(digests.map(|plugin| plugin.digest.as_str()), []);
        Some(hosting)
    });
    hosting.as_ref()
}

/// Whether the task that builds the components left a note that it could not; the note is passed on.
fn skipped(components: &Path) -> bool {
    let notes = ["yard", "honey"].map(|component| {
        let note = components.join(format!("{component}.skipped"));
        std::fs::read_to_string(note).ok()
    });
    for reason in notes.iter().flatten() {
        // Not by a macro: the harness would keep what is printed to itself.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED, plugins in JavaScript and Python: {reason}"
        );
    }
    notes.iter().any(Option::is_some)
}
