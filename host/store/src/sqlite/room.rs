//! Room on the disk: a reserve that deletion may use, and whether there is any beyond it.
//!
//! A deletion writes before it frees: SQLite appends to its log, and nothing can be appended on a full disk. So a
//! file beside the database holds some room. A deletion that meets a full disk gives the file's blocks up and tries
//! again; they are allocated again once there is space. Until then the store is *short*: it takes no new data,
//! which would use the room that deletion needs.
//!
//! The file's length is its only state, and every length is valid: a process that dies in the middle leaves a
//! reserve that is whole, partial or empty, and the next start completes it.

use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::RepoError;

/// Bytes of the reserve. Copying the log into the database lengthens it by what was committed since the last copy,
/// some half a second of writing: that has to fit, beside a deletion's own part of the log.
pub(super) const RESERVE: u64 = 64 << 20;

/// Bytes that have to be free beyond the reserve before new data is taken again, so that the next session is not
/// the one to fail.
const HEADROOM: u64 = 32 << 20;

/// The room of one database file.
#[derive(Debug)]
pub(super) struct Room {
    file: PathBuf,
    short: AtomicBool,
    /// Whether the file holds all of the reserve. Held while the file changes.
    whole: Mutex<bool>,
}

impl Room {
    /// The room of a database file, with its reserve. Where the disk has no room for that, the store is short from
    /// the start. Blocks.
    pub(super) fn beside(database: &Path) -> Self {
        let mut file = database.as_os_str().to_owned();
        file.push("-reserve");
        let room = Self {
            file: file.into(),
            short: AtomicBool::new(false),
            whole: Mutex::new(true),
        };
        if let Err(error) = allocate(&room.file, RESERVE) {
            room.give_up();
            room.run_short(&error);
        }
        room
    }

    /// Refuses what needs room while the store is short.
    ///
    /// # Errors
    /// [`RepoError::Full`].
    pub(super) fn refuse_while_short(&self) -> Result<(), RepoError> {
        match self.is_short() {
            true => Err(RepoError::Full { source: None }),
            false => Ok(()),
        }
    }

    pub(super) fn is_short(&self) -> bool {
        self.short.load(Ordering::Relaxed)
    }

    /// From here on the store is short.
    pub(super) fn run_short(&self, error: &dyn Display) {
        if !self.short.swap(true, Ordering::Relaxed) {
            tracing::error!(
                %error,
                "the disk of the store is full: sessions can be read and deleted, none is created until there is space"
            );
        }
    }

    /// Frees the blocks of the reserve for the next write. Can be repeated.
    pub(super) fn give_up(&self) {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        match set_len(&self.file, 0) {
            Ok(()) if *whole => tracing::warn!(bytes = RESERVE, "the disk's reserve is given up"),
            Ok(()) => {}
            Err(error) => tracing::error!(%error, "the disk's reserve cannot be given up"),
        }
        *whole = false;
    }

    /// Allocates the reserve again and ends the shortage, where the disk has room for it and for [`HEADROOM`].
    /// Blocks.
    ///
    /// # Errors
    /// Where the disk does not; the store is then as short as before.
    pub(super) fn restore(&self) -> io::Result<()> {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        // Only an allocation proves that the space can be had: what is free may be another's a moment later.
        let with_headroom = allocate(&self.file, RESERVE + HEADROOM);
        *whole = *whole || with_headroom.is_ok() || allocate(&self.file, RESERVE).is_ok();
        // The headroom goes back, and so does a part of a reserve: deletion may need it.
        set_len(&self.file, if *whole { RESERVE } else { 0 })?;
        with_headroom?;
        if self.short.swap(false, Ordering::Relaxed) {
            tracing::info!("the disk of the store has space again: sessions are created");
        }
        Ok(())
    }
}

fn open(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    options.open(file)
}

fn set_len(file: &Path, bytes: u64) -> io::Result<()> {
    open(file)?.set_len(bytes)
}

/// Creates a file of this size whose blocks are allocated on the disk.
fn allocate(file: &Path, bytes: u64) -> io::Result<()> {
    let mut opened = open(file)?;
    match fallocate(&opened, FallocateFlags::empty(), 0, bytes) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            let block = vec![0; 1 << 20];
            for _ in 0..bytes.div_ceil(1 << 20) {
                opened.write_all(&block)?;
            }
            opened.sync_all()?;
        }
        allocated => allocated?,
    }
    opened.set_len(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn len(room: &Room) -> u64 {
        std::fs::metadata(&room.file).unwrap().len()
    }

    #[test]
    fn reserve_of_any_length_is_completed() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("levain.db");
        let file = directory.path().join("levain.db-reserve");
        for left in [None, Some(0), Some(4096), Some(RESERVE + HEADROOM)] {
            if let Some(left) = left {
                File::create(&file).unwrap().set_len(left).unwrap();
            }
            let room = Room::beside(&database);
            assert_eq!(len(&room), RESERVE, "{left:?}");
            assert!(!room.is_short());
            let blocks = std::os::unix::fs::MetadataExt::blocks(&file.metadata().unwrap());
            assert!(blocks * 512 >= RESERVE, "it is only a number: {blocks}");
        }
    }

    #[test]
    fn shortage_lasts_until_the_reserve_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let room = Room::beside(&directory.path().join("levain.db"));
        room.refuse_while_short().unwrap();
        room.run_short(&"full");
        assert!(room.refuse_while_short().is_err());
        assert_eq!(len(&room), RESERVE, "only a deletion uses it");
        room.give_up();
        room.give_up();
        assert_eq!(len(&room), 0);
        room.restore().unwrap();
        assert_eq!(len(&room), RESERVE);
        room.refuse_while_short().unwrap();
    }
}
