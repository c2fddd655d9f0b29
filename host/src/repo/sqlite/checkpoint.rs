//! Copies the write-ahead log into the database beside the commits, on a connection of its own.
//!
//! Left to itself SQLite checkpoints inside whichever commit crosses a threshold, which costs
//! that commit milliseconds.

use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqlitePool;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::connect::{Connections, PAGE_BYTES};

/// How long after a commit the log is copied: commits in between share one copy.
const PAUSE: Duration = Duration::from_millis(500);

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
    pub(super) fn start(connections: Connections) -> Self {
        let written = Arc::new(Notify::new());
        let task = tokio::spawn(run(connections, Arc::clone(&written)));
        Self { written, task }
    }

    /// Says that something was committed.
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

async fn run(connections: Connections, written: Arc<Notify>) {
    loop {
        written.notified().await;
        tokio::time::sleep(PAUSE).await;
        let outcome = match checkpoint(&connections.checkpointer, PASSIVE).await {
            // Readers or writers were always in the way of the log's end.
            Ok(log) if log > LONGEST_LOG => checkpoint(&connections.writer, RESTART).await,
            outcome => outcome,
        };
        match outcome {
            Ok(pages) => tracing::trace!(pages, "checkpointed the write-ahead log"),
            // Nothing is lost: the log keeps growing until the next try.
            Err(error) => tracing::warn!(%error, "the write-ahead log was not checkpointed"),
        }
    }
}

/// Copies what it can and waits for nobody.
const PASSIVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";
/// Waits for the readers, and lets the log begin again at its start.
const RESTART: &str = "PRAGMA wal_checkpoint(RESTART)";

/// Runs one checkpoint; answers the number of pages in the log.
async fn checkpoint(pool: &SqlitePool, statement: &'static str) -> Result<i64, sqlx::Error> {
    let (_busy, log, _copied): (i64, i64, i64) = sqlx::query_as(statement).fetch_one(pool).await?;
    Ok(log)
}
