//! The connections: one that writes, a few that read, one that checkpoints.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _};

/// Readers do not wait for each other; more than this many only take turns on the processors.
const READERS: u32 = 4;

/// What a new file is written and read by.
pub(super) const PAGE_BYTES: u32 = 16_384;

/// How long a statement waits for the file, which only the sqlite3 shell and the like hold.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a caller waits for a connection before the store counts as unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// The pools of one database file.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    /// One connection: SQLite has one writer, and queueing here is fairer than its busy wait.
    pub(super) writer: SqlitePool,
    /// Connections that can only read.
    pub(super) readers: SqlitePool,
    /// One connection that copies the log into the database beside the writer.
    pub(super) checkpointer: SqlitePool,
}

impl Connections {
    /// Opens the file, which is made where it is missing.
    pub(super) async fn open(file: &Path) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            // A segment is tens of thousands of bytes: in pages of the usual 4,096 it is a long chain of them,
            // which takes up to half as long again to write. A file that is there keeps the size that it has.
            .page_size(PAGE_BYTES)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            // In WAL mode a killed process loses nothing; only a power cut can take the last
            // commits, and never the database's consistency.
            .synchronous(SqliteSynchronous::Normal)
            // Checkpoints are made beside the commits, never inside one.
            .pragma("wal_autocheckpoint", "0")
            // In bytes: what a burst made of the log is given back once the log begins again.
            .pragma("journal_size_limit", "67108864")
            .pragma("temp_store", "MEMORY")
            // A session's segments fit, in KiB, so that nothing spills before the commit.
            .pragma("cache_size", "-16384");
        if file.metadata().map_or(true, |found| found.len() == 0) {
            // Once, and not by every connection: the statement writes, and a full disk is read all the same. A file
            // that is there stays as it is: see `shrink::enable`.
            let first = options.clone().auto_vacuum(SqliteAutoVacuum::Incremental);
            first.connect().await?.close().await?;
        }
        let writer = pool(1)
            .before_acquire(|connection, _| Box::pin(usable(connection)))
            .connect_with(options.clone())
            .await?;
        let readers = pool(READERS).connect_lazy_with(options.clone().pragma("query_only", "ON"));
        let checkpointer = pool(1).connect_lazy_with(options);
        Ok(Self {
            writer,
            readers,
            checkpointer,
        })
    }

    /// Closes all of them; the last one out leaves no log behind.
    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.checkpointer.close().await;
        self.writer.close().await;
    }
}

/// Whether a connection is free of a transaction that nobody can end any more: on a full disk SQLite rolls
/// back by itself, then refuses to roll back what is none, and the driver counts it as open for ever. Such
/// a connection makes place for a new one.
async fn usable(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if !connection.is_in_transaction() {
        return Ok(true);
    }
    // The end of the last one may still be under way: this waits for it.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A file does not go stale.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}
