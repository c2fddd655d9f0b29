//! Compiled code, kept from one start to the next: what a component compiles to is a function of its bytes
//! and of the engine, and takes tenths of a second to find out. So it is of a prepared image, of which the slice
//! decides as well.
//!
//! Compiled code is run as it is: an entry that somebody else could have written must never be. So the
//! directory is the host's own, and every entry has a MAC under a key that only the host can read; one that
//! does not verify is reported, and its component compiled anew. What is mapped is the file that was verified, and
//! not whatever has its path by then.

use std::fs;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::code::{Code, Made, load};
use super::lines::Lines;
use levain_model::{hex, unhex};

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
    /// Others could have written it.
    #[error("{0}")]
    Foreign(String),
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
    /// If the directory cannot be created or used, another uid owns it, or others may write to it.
    pub fn open(directory: PathBuf, key: &[u8]) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&directory)?;
        #[cfg(unix)]
        refuse_others(&fs::metadata(&directory)?).map_err(|reason| {
            let reason = format!(
                "{reason}; `chmod go-w '{0}'`, and `chown` it where it is not its own, \
                once nothing is in it that others have put there",
                directory.display()
            );
            io::Error::new(ErrorKind::PermissionDenied, reason)
        })?;
        let key = Hmac::new_from_slice(key).map_err(io::Error::other)?;
        Ok(Self { directory, key })
    }

    /// The compiled component of this name; `None` where there is none.
    ///
    /// # Errors
    /// [`BadEntry`]; the component can be compiled all the same.
    pub(super) fn load(&self, engine: &Engine, name: &str) -> Result<Option<Code>, BadEntry> {
        let verified = self.verify(name)?;
        verified.map(|verified| verified.map(engine)).transpose()
    }

    /// Opens an entry, and verifies all of it.
    fn verify(&self, name: &str) -> Result<Option<Verified>, BadEntry> {
        let files = self.files(name);
        let mut file = match fs::File::open(&files.code) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        #[cfg(unix)]
        refuse_others(&file.metadata()?).map_err(BadEntry::Foreign)?;
        let mut code = Vec::new();
        file.read_to_end(&mut code)?;
        let lines = match fs::read(&files.lines) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let told = fs::read_to_string(&files.mac)
            .ok()
            .and_then(|mac| unhex(mac.trim_end()));
        let told = told.ok_or(BadEntry::Altered)?;
        let made = Made { code, lines };
        self.mac(name, &made)
            .verify_slice(&told)
            .map_err(|_| BadEntry::Altered)?;
        Ok(Some(Verified { file, made }))
    }

    /// Keeps compiled code under a name, in the place of another.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(super) fn keep(&self, name: &str, made: &Made) -> io::Result<()> {
        let files = self.files(name);
        // The MAC first: code without one is never used, and neither is code with another's.
        let digest = hex(&self.mac(name, made).finalize().into_bytes());
        write_whole(&files.mac, digest.as_bytes())?;
        if made.lines.is_empty() {
            absent(fs::remove_file(&files.lines))?;
        } else {
            write_whole(&files.lines, &made.lines)?;
        }
        write_whole(&files.code, &made.code)
    }

    /// Forgets the code of this name, where there is some.
    pub(super) fn forget(&self, name: &str) {
        let Files { code, lines, mac } = self.files(name);
        // What stays is found to be of no use again, and tidied away with the rest.
        for file in [code, lines, mac] {
            let _ = fs::remove_file(file);
        }
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

    fn files(&self, name: &str) -> Files {
        let file = |kind| self.directory.join(format!("{name}.{kind}"));
        Files {
            code: file(CODE),
            lines: file("lines"),
            mac: file("mac"),
        }
    }

    fn mac(&self, name: &str, made: &Made) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(name.as_bytes());
        mac.update(&[0]);
        mac.update(&(made.code.len() as u64).to_le_bytes());
        mac.update(&made.code);
        mac.update(&made.lines);
        mac
    }
}

/// The files of an entry.
struct Files {
    code: PathBuf,
    lines: PathBuf,
    mac: PathBuf,
}

/// An entry that this host wrote.
struct Verified {
    /// The very file that was read: another may have its path by now.
    file: fs::File,
    made: Made,
}

impl Verified {
    /// Maps the code into memory, so that its pages are shared and read as they are needed; where an open file cannot
    /// be mapped, takes a copy of what was verified.
    fn map(self, engine: &Engine) -> Result<Code, BadEntry> {
        let component = match opened(&self.file) {
            Some(path) => map(engine, &path),
            None => load(engine, &self.made.code),
        };
        Ok(Code {
            component: component.map_err(BadEntry::Refused)?,
            lines: Lines::decode(&self.made.lines),
        })
    }
}

/// A path to an open file, even if another file has its name by now.
fn opened(file: &fs::File) -> Option<PathBuf> {
    #[cfg(target_os = "linux")]
    {
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(file);
        let path = PathBuf::from(format!("/proc/self/fd/{descriptor}"));
        path.exists().then_some(path)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = file;
        None
    }
}

/// Why a file or a directory is not this process's alone to write.
#[cfg(unix)]
fn refuse_others(about: &fs::Metadata) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt as _;
    /// Group and others may write.
    const OTHERS_WRITE: u32 = 0o022;
    let own = rustix::process::geteuid().as_raw();
    let (mode, owner) = (about.mode() & 0o7777, about.uid());
    if owner != own {
        return Err(format!(
            "uid {owner} owns it (its mode is {mode:04o}), and this host runs as uid {own}"
        ));
    }
    if mode & OTHERS_WRITE != 0 {
        return Err(format!(
            "others than its owner, uid {owner}, may write to it: its mode is {mode:04o}"
        ));
    }
    Ok(())
}

/// A file that is not there needs no removal.
fn absent(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Whether a file is a draft that an ended process left.
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
    // SAFETY: the bytes are what a compiler gave this host: the path is that of the open file whose MAC has just
    // been verified, and nobody but the host may write to it. The engine checks by itself that it is of its
    // version and configuration.
    unsafe { Component::deserialize_file(engine, code) }
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
    use crate::sandbox::engine::code_config;

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

    #[test]
    fn what_was_verified_is_mapped_whatever_has_its_path_by_then() {
        let engine = Engine::new(&code_config()).unwrap();
        let compiled = |component: &[u8]| Made {
            code: engine.precompile_component(component).unwrap(),
            lines: Vec::new(),
        };
        let own = compiled(b"\0asm\x0d\0\x01\0");
        let other = compiled(b"\0asm\x0d\0\x01\0\x01\x08\0asm\x01\0\0\0");
        assert!(own.code != other.code);
        let directory = TempDir::new().unwrap();
        let cache = CodeCache::open(directory.path().to_owned(), b"a key").unwrap();
        cache.keep("one", &own).unwrap();
        let verified = cache.verify("one").unwrap().unwrap();
        write_whole(&cache.files("one").code, &other.code).unwrap();
        let mapped = verified.map(&engine).unwrap().component;
        assert!(mapped.serialize().unwrap() == own.code);
        // What has its path now does not verify.
        assert!(matches!(cache.load(&engine, "one"), Err(BadEntry::Altered)));
    }

    #[test]
    fn lines_are_verified_with_their_code() {
        let directory = TempDir::new().unwrap();
        let cache = CodeCache::open(directory.path().to_owned(), b"a key").unwrap();
        let made = Made {
            code: b"code".to_vec(),
            lines: b"lines".to_vec(),
        };
        cache.keep("one", &made).unwrap();
        assert!(cache.verify("one").unwrap().is_some());
        let lines = cache.files("one").lines;
        for other in [&b"other"[..], b"", b"codelines"] {
            fs::write(&lines, other).unwrap();
            assert!(matches!(cache.verify("one"), Err(BadEntry::Altered)));
        }
        let none = Made {
            lines: Vec::new(),
            ..made
        };
        cache.keep("one", &none).unwrap();
        assert!(cache.verify("one").unwrap().is_some());
        cache.forget("one");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_that_others_may_write_to_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = TempDir::new().unwrap();
        let opened = |mode| {
            fs::set_permissions(directory.path(), fs::Permissions::from_mode(mode)).unwrap();
            CodeCache::open(directory.path().to_owned(), b"a key")
        };
        for mode in [0o700, 0o750, 0o755] {
            assert!(opened(mode).is_ok(), "{mode:o}");
        }
        for mode in [0o777, 0o1777, 0o770, 0o702] {
            let told = opened(mode).unwrap_err().to_string();
            assert!(told.contains(&format!("{mode:04o}")), "{told}");
            assert!(told.contains("chmod go-w '"), "{told}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn code_that_others_may_write_to_is_not_used() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = TempDir::new().unwrap();
        let cache = CodeCache::open(directory.path().to_owned(), b"a key").unwrap();
        let made = Made {
            code: b"code".to_vec(),
            lines: Vec::new(),
        };
        cache.keep("one", &made).unwrap();
        let code = cache.files("one").code;
        fs::set_permissions(code, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(cache.verify("one"), Err(BadEntry::Foreign(_))));
    }
}
