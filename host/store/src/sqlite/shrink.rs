//! Gives the space of deleted sessions back to the disk.
//!
//! SQLite keeps the pages of what was deleted for what comes next. A file with `auto_vacuum = INCREMENTAL` can move
//! its last pages into them and end earlier; a checkpoint then cuts it. (SQLite, "PRAGMA incremental_vacuum".)

use std::time::Instant;

use super::connect::{Connections, PAGE_BYTES};
use super::error::classify;
use crate::RepoError;

/// Free pages that a file may keep whatever it holds: 64 MiB. The next sessions would only ask the disk for them
/// again. In a file of smaller pages, less.
const WORTH_KEEPING: i64 = (64 << 20) / PAGE_BYTES as i64;

/// Pages that one step moves at most, 8 MiB: a writer waits for it, and the log has to hold it.
const STEP: &str = "PRAGMA incremental_vacuum(512)";

/// Bytes in use up to which a file of an earlier version is rewritten at the start: a second or two, and as much
/// space again for as long.
const CHEAP: i64 = 256 << 20;

/// What of the free pages stays in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// What the next sessions will use: a quarter of what is in use, or [`WORTH_KEEPING`].
    Some,
    /// Nothing: the disk is full.
    Nothing,
}

/// Moves a step's pages; `false` where there is nothing to give back.
pub(super) async fn step(connections: &Connections, keep: Keep) -> Result<bool, RepoError> {
    let size = Size::read(connections).await?;
    let kept = match keep {
        Keep::Some => WORTH_KEEPING.max((size.pages - size.free) / 4),
        Keep::Nothing => 0,
    };
    if !size.can_shrink || size.free <= kept {
        return Ok(false);
    }
    sqlx::query(STEP)
        .execute(&connections.writer)
        .await
        .map_err(classify)?;
    Ok(true)
}

/// Has a file of an earlier version shrink like a new one, where that is cheap: it is rewritten once. SQLite does
/// so in one transaction, in which a process may die.
pub(super) async fn enable(connections: &Connections) -> Result<(), RepoError> {
    let size = Size::read(connections).await?;
    if size.can_shrink {
        return Ok(());
    }
    let used_bytes = (size.pages - size.free).saturating_mul(size.page_bytes);
    if used_bytes > CHEAP {
        tracing::warn!(
            used_bytes,
            "the database is of an earlier version and never gives space back to the disk; to change that, stop the host and run: sqlite3 levain.db 'PRAGMA auto_vacuum = INCREMENTAL; VACUUM'"
        );
        return Ok(());
    }
    let started = Instant::now();
    let mut connection = connections.writer.acquire().await.map_err(classify)?;
    for statement in [
        // What is rewritten would else be held in memory.
        "PRAGMA temp_store = DEFAULT",
        "PRAGMA auto_vacuum = INCREMENTAL",
        "VACUUM",
        "PRAGMA temp_store = MEMORY",
    ] {
        sqlx::query(statement)
            .execute(&mut *connection)
            .await
            .map_err(classify)?;
    }
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        used_bytes,
        duration_ms,
        "the database was rewritten: it gives space back from now on"
    );
    Ok(())
}

/// How large a file is.
struct Size {
    pages: i64,
    free: i64,
    page_bytes: i64,
    can_shrink: bool,
}

impl Size {
    async fn read(connections: &Connections) -> Result<Self, RepoError> {
        const INCREMENTAL: i64 = 2;
        let (pages, free, page_bytes, mode): (i64, i64, i64, i64) = sqlx::query_as(
            "SELECT page_count, freelist_count, page_size, auto_vacuum \
             FROM pragma_page_count, pragma_freelist_count, pragma_page_size, pragma_auto_vacuum",
        )
        .fetch_one(&connections.checkpointer)
        .await
        .map_err(classify)?;
        Ok(Self {
            pages,
            free,
            page_bytes,
            can_shrink: mode == INCREMENTAL,
        })
    }
}
