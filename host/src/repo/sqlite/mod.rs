//! The store in one SQLite file, for one host.
//!
//! One connection writes and a few read; the write-ahead log is copied into the database beside
//! the commits. The directory is locked for as long as the store is open.

mod checkpoint;
mod connect;
mod destroy;
mod encode;
mod error;
mod lock;
mod rows;
mod segments;
mod sessions;
#[cfg(test)]
mod tests;
mod views;

use std::path::Path;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Sqlite, Transaction};
use uuid::Uuid;

use self::checkpoint::Checkpointer;
use self::connect::Connections;
pub use self::error::OpenError;
use self::error::classify;
use self::lock::DirectoryLock;
use super::{DeletedSegment, Repo, RepoError, SessionRow, SessionStatus, ViewSpec};
use crate::segment::{EntityCounts, StoredSegment};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// The store in one SQLite file.
#[derive(Debug)]
pub struct SqliteRepo {
    connections: Connections,
    checkpointer: Checkpointer,
    _lock: DirectoryLock,
}

impl SqliteRepo {
    /// Opens the database file, which is made with its directory where it is missing, brings its
    /// tables and views up to date, and holds the directory until the store is dropped.
    ///
    /// # Errors
    /// [`OpenError::Held`] where another host holds the directory; the others where the file
    /// cannot be used, or `views` cannot be made.
    pub async fn open(file: &Path, views: &[ViewSpec]) -> Result<Self, OpenError> {
        let directory = match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let lock = DirectoryLock::take(directory)?;
        let connections = Connections::open(file).await?;
        MIGRATIONS
            .run(&connections.writer)
            .await
            .map_err(|source| not_migrated(file, source))?;
        let mut transaction = begin(&connections).await?;
        views::refresh(&mut transaction, views).await?;
        transaction.commit().await?;
        let checkpointer = Checkpointer::start(connections.clone());
        Ok(Self {
            connections,
            checkpointer,
            _lock: lock,
        })
    }

    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, RepoError> {
        begin(&self.connections).await
    }

    async fn commit(&self, transaction: Transaction<'static, Sqlite>) -> Result<(), RepoError> {
        transaction.commit().await.map_err(classify)?;
        self.checkpointer.notify();
        Ok(())
    }
}

/// Begins a transaction that writes. Taking the write lock at once means that it cannot fail
/// halfway because somebody else wrote in between.
async fn begin(connections: &Connections) -> Result<Transaction<'static, Sqlite>, RepoError> {
    connections
        .writer
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(classify)
}

fn not_migrated(file: &Path, source: MigrateError) -> OpenError {
    let file = file.to_owned();
    match source {
        MigrateError::VersionMissing(version) => OpenError::Later { file, version },
        source => OpenError::Migrate { file, source },
    }
}

#[async_trait]
impl Repo for SqliteRepo {
    async fn insert_session(&self, session: &SessionRow) -> Result<(), RepoError> {
        let mut transaction = self.begin().await?;
        sessions::insert(&mut transaction, session).await?;
        self.commit(transaction).await
    }

    async fn commit_session(
        &self,
        session: &SessionRow,
        segments: &[StoredSegment],
    ) -> Result<bool, RepoError> {
        let mut transaction = self.begin().await?;
        let committed = sessions::commit(&mut transaction, session, segments).await?;
        self.commit(transaction).await?;
        Ok(committed)
    }

    async fn find_session(&self, session_id: &str) -> Result<Option<SessionRow>, RepoError> {
        sessions::find(&self.connections, session_id).await
    }

    async fn find_session_of_tenant(
        &self,
        tenant_id: Uuid,
    ) -> Result<Option<SessionRow>, RepoError> {
        sessions::find_of_tenant(&self.connections, tenant_id).await
    }

    async fn list_sessions(&self, limit: u32) -> Result<Vec<SessionRow>, RepoError> {
        sessions::list(&self.connections, limit).await
    }

    async fn begin_destroying(&self, session_id: &str) -> Result<Option<SessionStatus>, RepoError> {
        let mut transaction = self.begin().await?;
        let status = sessions::begin_destroying(&mut transaction, session_id).await?;
        self.commit(transaction).await?;
        Ok(status)
    }

    async fn destroy_session(
        &self,
        session_id: &str,
        now: DateTime<Utc>,
        amiss: &[String],
    ) -> Result<Vec<DeletedSegment>, RepoError> {
        let mut transaction = self.begin().await?;
        let deleted = destroy::destroy(&mut transaction, session_id, now, amiss).await?;
        self.commit(transaction).await?;
        Ok(deleted)
    }

    async fn replace_domain(
        &self,
        session: &SessionRow,
        tenant_id: Uuid,
        domain: &str,
        segments: &[StoredSegment],
    ) -> Result<bool, RepoError> {
        let mut transaction = self.begin().await?;
        let replaced =
            sessions::replace_domain(&mut transaction, session, tenant_id, domain, segments)
                .await?;
        self.commit(transaction).await?;
        Ok(replaced)
    }

    async fn delete_domain(
        &self,
        tenant_id: Uuid,
        domain: &str,
    ) -> Result<EntityCounts, RepoError> {
        let mut transaction = self.begin().await?;
        let deleted = segments::delete_domain(&mut transaction, tenant_id, domain).await?;
        self.commit(transaction).await?;
        Ok(deleted)
    }

    async fn find_segment(
        &self,
        tenant_id: Uuid,
        domain: &str,
        entity: &str,
    ) -> Result<Option<StoredSegment>, RepoError> {
        segments::find(&self.connections, tenant_id, domain, entity).await
    }

    async fn find_segments(
        &self,
        tenant_id: Uuid,
        domain: Option<&str>,
    ) -> Result<Vec<StoredSegment>, RepoError> {
        segments::find_all(&self.connections, tenant_id, domain).await
    }

    async fn recover(&self, now: DateTime<Utc>, reason: &str) -> Result<Vec<String>, RepoError> {
        let mut transaction = self.begin().await?;
        let failed = destroy::recover(&mut transaction, now, reason).await?;
        self.commit(transaction).await?;
        Ok(failed)
    }

    async fn ping(&self) -> Result<(), RepoError> {
        sqlx::query("SELECT 1")
            .execute(&self.connections.readers)
            .await
            .map_err(classify)?;
        Ok(())
    }

    async fn close(&self) {
        self.checkpointer.stop();
        self.connections.close().await;
    }
}
