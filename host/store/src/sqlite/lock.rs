//! One host per data directory: SQLite would take turns, but recovery would fail the sessions
//! that the other host is cloning.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use crate::OpenError;

/// The file that is locked, beside the database.
const LOCK_FILE: &str = "levain.lock";

/// Holds the data directory until it is dropped; the system lets go of it when a process dies.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Makes the directory where it is missing and takes it.
    pub(super) fn take(directory: &Path) -> Result<Self, OpenError> {
        let unusable = |source| OpenError::Directory {
            directory: directory.to_owned(),
            source,
        };
        std::fs::create_dir_all(directory).map_err(unusable)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(directory.join(LOCK_FILE))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Held {
                    directory: directory.to_owned(),
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        // Only for the words of the refusal above: the lock itself does not depend on it.
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(unusable)?;
        Ok(Self { _file: file })
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text) {
        Ok(_) if text.trim().parse::<u32>().is_ok() => format!(" (process {})", text.trim()),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn a_second_host_is_refused_in_words_until_the_first_lets_go() {
        let directory = tempfile::tempdir().unwrap();
        let first = DirectoryLock::take(directory.path()).unwrap();
        let refusal = DirectoryLock::take(directory.path())
            .unwrap_err()
            .to_string();
        assert!(refusal.contains("is held by another host"), "{refusal}");
        assert!(
            refusal.contains(&format!("(process {})", std::process::id())),
            "{refusal}"
        );
        drop(first);
        DirectoryLock::take(directory.path()).unwrap();
    }
}
