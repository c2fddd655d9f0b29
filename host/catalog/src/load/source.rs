//! The files of a catalog: read once, digested, and named relative to the catalog file.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use levain_model::fault::Fault;
use levain_model::sha256_hex;

/// Returns the bytes of a file of a name.
type Files = dyn Fn(&str) -> io::Result<Vec<u8>>;

pub(super) struct Source {
    /// The catalog file's own name.
    pub(super) manifest: String,
    /// Returns the bytes of a file, by its name relative to the catalog file.
    files: Box<Files>,
    digests: BTreeMap<String, String>,
    /// All faults found.
    pub(super) faults: Vec<Fault>,
}

impl Source {
    /// The files in the directory of the catalog file.
    pub(super) fn new(file: &Path, text: &[u8]) -> Self {
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let directory = file.parent().map(Path::to_owned).unwrap_or_default();
        let files = move |file: &str| std::fs::read(directory.join(file));
        Self::over(name, text, files)
    }

    /// Files that `files` returns by name; `name` and `text` are the catalog file's.
    pub(super) fn over(
        name: String,
        text: &[u8],
        files: impl Fn(&str) -> io::Result<Vec<u8>> + 'static,
    ) -> Self {
        Self {
            digests: BTreeMap::from([(name.clone(), sha256_hex(text))]),
            manifest: name,
            files: Box::new(files),
            faults: Vec::new(),
        }
    }

    /// The text of a file; a file that cannot be read, or is not UTF-8, is a fault.
    pub(super) fn read(&mut self, file: &str) -> Option<String> {
        let bytes = match (self.files)(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.fault(file, "", "file", format!("cannot be read: {error}"));
                return None;
            }
        };
        self.digests.insert(file.to_owned(), sha256_hex(&bytes));
        match String::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(error) => {
                self.fault(file, "", "json", format!("is not UTF-8: {error}"));
                None
            }
        }
    }

    pub(super) fn fault(
        &mut self,
        file: &str,
        pointer: &str,
        rule: &str,
        message: impl std::fmt::Display,
    ) {
        self.faults.push(Fault::new(file, pointer, rule, message));
    }

    /// Adds a fault of the catalog file.
    pub(super) fn refuse(&mut self, pointer: &str, rule: &str, message: impl std::fmt::Display) {
        self.faults
            .push(Fault::new(&self.manifest, pointer, rule, message));
    }

    /// The SHA-256 over all files read, by name.
    pub(super) fn digest(&self) -> String {
        let lines: String = self
            .digests
            .iter()
            .map(|(file, digest)| format!("{digest}  {file}\n"))
            .collect();
        sha256_hex(lines.as_bytes())
    }
}
