//! Copies the write-ahead log into the database beside the commits, on a connection of its own, and gives back
//! the space that neither needs.
//!
//! Left to itself SQLite checkpoints inside whichever commit crosses a threshold, which costs
//! that commit milliseconds.

use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqlitePool;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::connect::{Connections, PAGE_BYTES};
use super::error::classify;
use super::room::Room;
use super::shrink::{self, Keep};
use crate::RepoError;

/// How long after a commit the log is copied: commits in between share one copy.
const PAUSE: Duration = Duration::from_millis(500);

/// How often space is looked for on a full disk: it may come from elsewhere.
const SEARCH: Duration = Duration::from_millis(500);

/// How many steps of shrinking there are between two copies of the log, which holds all that they move.
const STEPS: u32 = 8;

/// How long commits have the writer between two steps.
const BETWEEN_STEPS: Duration = Duration::from_millis(50);

/// Pages in the log beyond which writers wait for a whole copy, so that it cannot grow without
/// end under a load that never pauses: 256 MiB, and less in a file of smaller pages.
const LONGEST_LOG: i64 = (256 << 20) / PAGE_BYTES as i64;

/// The task that checkpoints; it ends with the store.
#[derive(Debug)]
pub(super) struct Checkpointer {
    written: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Checkpointer {
    /// Starts the task.
    pub(super) fn start(connections: Connections, room: Arc<Room>) -> Self {
        let written = Arc::new(Notify::new());
        // An earlier process may have left something to give back.
        written.notify_one();
        let upkeep = Upkeep { connections, room };
        let task = tokio::spawn(upkeep.run(Arc::clone(&written)));
        Self { written, task }
    }

    /// Says that something was committed, or could not be for want of space.
    pub(super) fn notify(&self) {
        self.written.notify_one();
    }

    /// Ends the task.
    pub(super) fn stop(&self) {
        self.task.abort();
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Copies what it can without waiting.
const PASSIVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";
/// Waits for the readers, and lets the log begin again at its start.
const RESTART: &str = "PRAGMA wal_checkpoint(RESTART)";
/// The same, and gives the log's own space back.
const TRUNCATE: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

struct Upkeep {
    connections: Connections,
    room: Arc<Room>,
}

impl Upkeep {
    async fn run(self, written: Arc<Notify>) {
        loop {
            if self.room.is_short() {
                let _either = tokio::time::timeout(SEARCH, written.notified()).await;
            } else {
                written.notified().await;
                tokio::time::sleep(PAUSE).await;
            }
            self.heed(
                "the write-ahead log was not checkpointed",
                self.copy().await,
            );
            if self.room.is_short() {
                self.heed("no space was found", self.find_space().await);
            } else {
                let shrunk = self.shrink().await;
                if self.heed("the database was not shrunk", shrunk) == Some(true) {
                    // What was moved is in the log, and there may be more.
                    written.notify_one();
                }
            }
        }
    }

    /// Copies the log, and makes the writer wait for it where it has become too long.
    async fn copy(&self) -> Result<(), RepoError> {
        let Connections {
            writer,
            checkpointer,
            ..
        } = &self.connections;
        let mut pages = checkpoint(checkpointer, PASSIVE).await?;
        if pages > LONGEST_LOG {
            // Readers or writers were always in the way of the log's end.
            pages = checkpoint(writer, RESTART).await?;
        }
        tracing::trace!(pages, "checkpointed the write-ahead log");
        Ok(())
    }

    /// Gives back what deleted sessions held, a few steps of it; whether there was any.
    async fn shrink(&self) -> Result<bool, RepoError> {
        for done in 0..STEPS {
            if !shrink::step(&self.connections, Keep::Some).await? {
                return Ok(done > 0);
            }
            tokio::time::sleep(BETWEEN_STEPS).await;
        }
        Ok(true)
    }

    /// On a full disk: cuts the log and the database as far as they go, and allocates the reserve again.
    async fn find_space(&self) -> Result<(), RepoError> {
        let writer = &self.connections.writer;
        if let Err(RepoError::Full { .. }) = checkpoint(writer, TRUNCATE).await {
            // What is copied lengthens the database first; then the log's own space comes back.
            self.room.give_up();
            checkpoint(writer, TRUNCATE).await?;
        }
        for _ in 0..STEPS {
            if !shrink::step(&self.connections, Keep::Nothing).await? {
                break;
            }
            // The log needs the room for the next step.
            checkpoint(writer, TRUNCATE).await?;
        }
        let room = Arc::clone(&self.room);
        match tokio::task::spawn_blocking(move || room.restore()).await {
            Ok(Ok(())) => {}
            outcome => tracing::debug!(?outcome, "the disk is still full"),
        }
        Ok(())
    }

    /// What fails is tried again: until then nothing is lost, and the log keeps growing.
    fn heed<T>(&self, failed: &str, outcome: Result<T, RepoError>) -> Option<T> {
        match outcome {
            Ok(done) => Some(done),
            Err(error @ RepoError::Full { .. }) => {
                self.room.run_short(&levain_model::fault::chain(&error));
                None
            }
            Err(error) => {
                tracing::warn!(
                    error = levain_model::fault::chain(&error),
                    "{failed}; it is tried again"
                );
                None
            }
        }
    }
}

/// Runs one checkpoint; returns the number of pages in the log.
async fn checkpoint(pool: &SqlitePool, statement: &'static str) -> Result<i64, RepoError> {
    let (_busy, log, _copied): (i64, i64, i64) = sqlx::query_as(statement)
        .fetch_one(pool)
        .await
        .map_err(classify)?;
    Ok(log)
}
