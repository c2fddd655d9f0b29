//! Compiled code, kept from one start to the next: what a component compiles to is a function of its bytes
//! and of the engine, and takes tenths of a second to find out. So it is of a prepared image, of which the slice
//! decides as well.
//!
//! Compiled code is run as it is: an entry that somebody else could have written must never be. So the
//! directory is the host's own, and every entry has a MAC under a key that only the host can read; one that
//! does not verify is reported, and its component compiled anew.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::segment::{hex, unhex};

/// A directory of compiled components.
#[derive(Debug)]
pub struct CodeCache {
    directory: PathBuf,
    key: Hmac<Sha256>,
}

/// Why an entry is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadEntry {
    /// It cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[from] io::Error),
    /// It is not what this host wrote.
    #[error("it is not what this host wrote there")]
    Altered,
    /// The engine does not take it.
    #[error("the engine does not take it: {0:#}")]
    Refused(wasmtime::Error),
}

impl CodeCache {
    /// The cache of a directory, which is made where it is missing, and whose entries verify under this key.
    ///
    /// # Errors
    /// Where the directory cannot be made or used.
    pub fn open(directory: PathBuf, key: &[u8]) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&directory)?;
        let key = Hmac::new_from_slice(key).map_err(io::Error::other)?;
        Ok(Self { directory, key })
    }

    /// The compiled component of this name; `None` where there is none.
    ///
    /// # Errors
    /// [`BadEntry`]; the component can be compiled all the same.
    pub(super) fn load(&self, engine: &Engine, name: &str) -> Result<Option<Component>, BadEntry> {
        let (code, mac) = self.files(name);
        let bytes = match fs::read(&code) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let told = fs::read_to_string(&mac)
            .ok()
            .and_then(|mac| unhex(mac.trim_end()));
        let told = told.ok_or(BadEntry::Altered)?;
        self.mac(name, &bytes)
            .verify_slice(&told)
            .map_err(|_| BadEntry::Altered)?;
        map(engine, &code).map(Some).map_err(BadEntry::Refused)
    }

    /// Keeps compiled code under a name, in the place of another.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(super) fn keep(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let (code, mac) = self.files(name);
        // The MAC first: code without one is never used, and neither is code with another's.
        let digest = hex(&self.mac(name, bytes).finalize().into_bytes());
        write_whole(&mac, digest.as_bytes())?;
        write_whole(&code, bytes)
    }

    /// Forgets the code of this name, where there is some.
    pub(super) fn forget(&self, name: &str) {
        let (code, mac) = self.files(name);
        // What stays is found to be of no use again, and tidied away with the rest.
        let _ = fs::remove_file(code);
        let _ = fs::remove_file(mac);
    }

    /// Forgets every entry whose name is not to be kept, and every draft that was left by a process which was
    /// killed at it; answers how many entries.
    ///
    /// # Errors
    /// Where the directory cannot be read, or a file of it not be removed.
    pub(super) fn retain(&self, keep: impl Fn(&str) -> bool) -> io::Result<usize> {
        let mut forgotten = 0;
        for entry in fs::read_dir(&self.directory)? {
            let file = entry?.path();
            let stem = file.file_stem().and_then(|stem| stem.to_str());
            if stem.is_some_and(|stem| !keep(stem)) || is_left(&file) {
                fs::remove_file(&file)?;
                forgotten += usize::from(file.extension().is_some_and(|kind| kind == CODE));
            }
        }
        Ok(forgotten)
    }

    fn files(&self, name: &str) -> (PathBuf, PathBuf) {
        let file = |kind| self.directory.join(format!("{name}.{kind}"));
        (file(CODE), file("mac"))
    }

    fn mac(&self, name: &str, code: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(name.as_bytes());
        mac.update(&[0]);
        mac.update(code);
        mac
    }
}

/// Whether a file is a draft that nobody is writing any more.
fn is_left(file: &Path) -> bool {
    let kind = file.extension().and_then(|kind| kind.to_str());
    let written = fs::metadata(file).and_then(|about| about.modified());
    kind.is_some_and(|kind| kind.starts_with(DRAFT))
        && written.is_ok_and(|at| at.elapsed().is_ok_and(|ago| ago > LONGEST_DRAFT))
}

/// What the extension of a draft begins with.
const DRAFT: &str = "draft-";

/// Longer than it takes to write one.
const LONGEST_DRAFT: Duration = Duration::from_secs(600);

/// What the files of code are called.
const CODE: &str = "cwasm";

/// Maps verified code into memory.
#[expect(
    unsafe_code,
    reason = "compiled code is trusted by its nature; see the module"
)]
fn map(engine: &Engine, code: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the bytes are what `Component::serialize` gave this host: the MAC over them has just been
    // verified, and nobody but the host can write to the directory. The engine checks by itself
    // that it is of its version and configuration.
    unsafe { Component::deserialize_file(engine, code) }
}

/// Takes code into memory that this program has just made, and that was nowhere else.
#[expect(
    unsafe_code,
    reason = "compiled code is trusted by its nature; see the module"
)]
pub(super) fn take(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes are what `Engine::precompile_component` gave a process of this very program, read
    // from the pipe that is its output. The engine checks by itself that it is of its version
    // and configuration.
    unsafe { Component::deserialize(engine, code) }
}

/// Writes a file that only its owner can read, whole or not at all: of a draft that fails, and it may be the
/// disk that is full, nothing stays.
fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = file.parent().unwrap_or(Path::new("."));
    let name = file.file_stem().unwrap_or_default();
    // Under the entry's name, so that it is tidied away with it where this process ends meanwhile.
    let mut prefix = name.to_owned();
    prefix.push(".");
    prefix.push(DRAFT);
    let mut draft = tempfile::Builder::new()
        .prefix(&prefix)
        .tempfile_in(directory)?;
    draft.write_all(bytes)?;
    draft.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_draft_goes_once_nobody_can_be_writing_it() {
        let directory = TempDir::new().unwrap();
        let file = |name: &str| directory.path().join(name);
        for name in ["one.cwasm", "two.cwasm"] {
            write_whole(&file(name), b"code").unwrap();
        }
        let drafts = ["one.draft-old", "one.draft-new"];
        let old = drafts.map(|name| fs::File::create(file(name)).unwrap())[0]
            .set_modified(SystemTime::UNIX_EPOCH);
        old.unwrap();
        let cache = CodeCache::open(directory.path().to_owned(), b"a key").unwrap();
        assert_eq!(cache.retain(|name| name == "one").unwrap(), 1);
        let left = fs::read_dir(directory.path()).unwrap();
        let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["one.cwasm", "one.draft-new"]);
    }
}
