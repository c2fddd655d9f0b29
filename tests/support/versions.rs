//! Versions of a plugin: the bicycle hire's, with another rule written over its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::hosting::{Hosting, guests_dir, root};

/// What stands in the component, before the rule's name.
const MARK: &[u8] = b"levain-test-rule:";
/// The bytes of mark and name.
const LENGTH: usize = 32;

/// The component of `hire`, with this rule (`tests/guests/hire/src/rule.rs`).
pub fn version(rule: &str) -> Vec<u8> {
    let mut component = fs::read(guests_dir().join("hire.wasm")).unwrap();
    let places: Vec<usize> = component
        .windows(MARK.len() + 1)
        .enumerate()
        // The mark alone is a text of the code that reads it.
        .filter(|(_, window)| window.starts_with(MARK) && window[MARK.len()] == b'a')
        .map(|(place, _)| place)
        .collect();
    let [place] = places.as_slice() else {
        panic!("the rule stands at {places:?}");
    };
    let written = [MARK, rule.as_bytes()].concat();
    let place = &mut component[*place..*place + LENGTH];
    place.fill(b' ');
    place[..written.len()].copy_from_slice(&written);
    component
}

/// The bicycle hire, with its components in a directory that a test may change.
pub struct Cycles {
    /// `fleet.wasm` and `hire.wasm`.
    pub plugins: PathBuf,
    directory: TempDir,
}

impl Cycles {
    /// The components as they are built.
    pub fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let plugins = directory.path().join("plugins");
        fs::create_dir_all(&plugins).unwrap();
        for name in ["fleet.wasm", "hire.wasm"] {
            fs::copy(guests_dir().join(name), plugins.join(name)).unwrap();
        }
        Self { plugins, directory }
    }

    /// The catalog.
    pub fn catalog() -> PathBuf {
        root().join("tests/cycles/catalog.toml")
    }

    /// What a host over the catalog needs, compiled once.
    pub fn hosting() -> &'static Hosting {
        static CYCLES: OnceLock<Hosting> = OnceLock::new();
        CYCLES.get_or_init(|| Hosting::load(&Self::catalog(), &guests_dir()))
    }

    /// Writes a component's file, whole or not at all.
    pub fn write(&self, name: &str, component: &[u8]) -> PathBuf {
        let file = self.plugins.join(name);
        let draft = self.directory.path().join("draft");
        fs::write(&draft, component).unwrap();
        fs::rename(&draft, &file).unwrap();
        file
    }

    /// A component's file beside those that are served from.
    pub fn put(&self, name: &str, component: &[u8]) -> PathBuf {
        let file = self.path().join(name);
        fs::write(&file, component).unwrap();
        file
    }

    /// The directory that all of it is in.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}
