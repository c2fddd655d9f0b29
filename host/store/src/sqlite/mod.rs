//! The store in one SQLite file, for one host.
//!
//! One connection writes and a few read; the write-ahead log is copied into the database beside
//! the commits. The directory is locked for as long as the store is open.

mod checkpoint;
mod connect;
mod data;
mod error;
mod lock;
mod opening;
mod room;
mod segments;
mod shrink;
#[cfg(test)]
mod tests;
mod views;
mod writing;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use self::checkpoint::Checkpointer;
use self::connect::Connections;
pub(super) use self::error::classify;
use self::lock::DirectoryLock;
use self::room::Room;
use super::dialect::Connection;
use super::{
    DeletedSegment, Due, IdempotencyKey, Inserted, Lease, Replaced, Repo, RepoError,
    SessionPosition,
};
use super::{
    Swap, destroy, fingerprints, keys, receipts, registry, segments as shared_segments, sessions,
};
use crate::failpoint;
use levain_model::{
    ComponentRow, EntityCounts, KeyFingerprint, Revision, Session, SessionCounts, SessionStatus,
    StoredSegment,
};

/// The store in one SQLite file.
#[derive(Debug)]
pub struct SqliteRepo {
    connections: Connections,
    checkpointer: Checkpointer,
    room: Arc<Room>,
    _lock: DirectoryLock,
}

impl SqliteRepo {
    fn reading(&self) -> Connection<'_> {
        Connection::SqlitePool(&self.connections.readers)
    }
}

fn within(connection: &mut SqliteConnection) -> Connection<'_> {
    Connection::Sqlite(connection)
}

#[async_trait]
impl Repo for SqliteRepo {
    #[tracing::instrument(
        name = "transaction",
        skip_all,
        fields(work = "insert_session", store = "sqlite")
    )]
    async fn insert_session(
        &self,
        session: &Session,
        lease: &Lease,
        key: Option<&IdempotencyKey>,
    ) -> Result<Inserted, RepoError> {
        self.with_room(async {
            let mut transaction = self.begin().await?;
            if let Some(key) = key {
                let connection = &mut within(&mut transaction);
                let taken = keys::claim(connection, key, &session.session_id, session.created_at);
                if let Some(before) = taken.await? {
                    return Ok(Inserted::Before(before));
                }
            }
            let plugin_revision =
                sessions::insert(&mut within(&mut transaction), session, lease).await?;
            self.commit(transaction).await?;
            Ok(Inserted::New { plugin_revision })
        })
        .await
    }

    #[tracing::instrument(
        name = "transaction",
        skip_all,
        fields(work = "commit_session", store = "sqlite")
    )]
    async fn commit_session(
        &self,
        session: &Session,
        segments: &[StoredSegment],
        receipt: Option<&str>,
    ) -> Result<bool, RepoError> {
        let commit = || async move {
            let mut transaction = self.begin().await?;
            let kept = data::commit(&mut transaction, session, segments, receipt).await?;
            failpoint::reach("commit_session:before").await;
            let kept = self.commit_if(kept, transaction).await?;
            failpoint::reach("commit_session:after").await;
            Ok(kept)
        };
        // That a session FAILED is a few bytes, and lets its tenant go.
        match segments.is_empty() {
            true => self.with_reserve(commit).await,
            false => self.with_room(commit()).await,
        }
    }

    async fn find_session(&self, session_id: &str) -> Result<Option<Session>, RepoError> {
        sessions::find(&mut self.reading(), session_id).await
    }

    async fn find_receipt(&self, session_id: &str) -> Result<Option<String>, RepoError> {
        receipts::find(&mut self.reading(), session_id).await
    }

    async fn find_session_of_tenant(&self, tenant_id: Uuid) -> Result<Option<Session>, RepoError> {
        sessions::find_of_tenant(&mut self.reading(), tenant_id).await
    }

    async fn list_sessions(
        &self,
        after: Option<&SessionPosition>,
        limit: u32,
    ) -> Result<Vec<Session>, RepoError> {
        sessions::list(&mut self.reading(), after, limit).await
    }

    async fn count_sessions(&self, now: DateTime<Utc>) -> Result<SessionCounts, RepoError> {
        sessions::count(&mut self.reading(), now).await
    }

    async fn extend_session(
        &self,
        session_id: &str,
        now: DateTime<Utc>,
        by: Duration,
        most: u32,
    ) -> Result<bool, RepoError> {
        self.with_room(async {
            let mut transaction = self.begin().await?;
            let extended =
                sessions::extend(&mut within(&mut transaction), session_id, now, by, most).await?;
            self.commit(transaction).await?;
            Ok(extended)
        })
        .await
    }

    #[tracing::instrument(
        name = "transaction",
        skip_all,
        fields(work = "begin_destroying", store = "sqlite")
    )]
    async fn begin_destroying(
        &self,
        session_id: &str,
        lease: &Lease,
    ) -> Result<Option<SessionStatus>, RepoError> {
        let has_failed = AtomicBool::new(false);
        self.with_reserve(|| {
            let is_on_reserve = has_failed.swap(true, Ordering::Relaxed);
            async move {
                if is_on_reserve {
                    failpoint::reach("begin_destroying:on_reserve").await;
                }
                let mut transaction = self.begin().await?;
                let status =
                    destroy::begin(&mut within(&mut transaction), session_id, lease).await?;
                self.commit(transaction).await?;
                Ok(status)
            }
        })
        .await
    }

    async fn begin_destroying_due(
        &self,
        due: &Due,
        lease: &Lease,
    ) -> Result<Vec<String>, RepoError> {
        self.with_reserve(|| async move {
            let mut transaction = self.begin().await?;
            let begun = destroy::begin_due(&mut within(&mut transaction), due, lease).await?;
            self.commit(transaction).await?;
            Ok(begun)
        })
        .await
    }

    #[tracing::instrument(
        name = "transaction",
        skip_all,
        fields(work = "destroy_session", store = "sqlite")
    )]
    async fn destroy_session(
        &self,
        session_id: &str,
        now: DateTime<Utc>,
        remarks: &[String],
    ) -> Result<Vec<DeletedSegment>, RepoError> {
        self.with_reserve(|| async move {
            let mut transaction = self.begin().await?;
            let deleted =
                destroy::destroy(&mut within(&mut transaction), session_id, now, remarks).await?;
            failpoint::reach("destroy_session:before").await;
            self.commit(transaction).await?;
            failpoint::reach("destroy_session:after").await;
            Ok(deleted)
        })
        .await
    }

    #[tracing::instrument(
        name = "transaction",
        skip_all,
        fields(work = "record_failed_cleanup", store = "sqlite")
    )]
    async fn record_failed_cleanup(
        &self,
        session_id: &str,
        now: DateTime<Utc>,
        reason: &str,
    ) -> Result<u32, RepoError> {
        self.with_reserve(|| async move {
            let mut transaction = self.begin().await?;
            let failures =
                destroy::record_failure(&mut within(&mut transaction), session_id, now, reason)
                    .await?;
            self.commit(transaction).await?;
            Ok(failures)
        })
        .await
    }

    async fn deadline(&self, lease: Duration) -> Result<DateTime<Utc>, RepoError> {
        sessions::deadline(&mut self.reading(), lease).await
    }

    #[tracing::instrument(
        name = "transaction",
        skip_all,
        fields(work = "replace_data", store = "sqlite")
    )]
    async fn replace_data(
        &self,
        session: &Session,
        deadline: DateTime<Utc>,
        replaced: Replaced<'_>,
        segments: &[StoredSegment],
        receipt: Option<&str>,
    ) -> Result<bool, RepoError> {
        self.with_room(async {
            let mut transaction = self.begin().await?;
            let swap = Swap {
                deadline,
                replaced,
                segments,
                receipt,
            };
            let kept = data::replace(&mut transaction, session, swap).await?;
            failpoint::reach("replace_data:before").await;
            let kept = self.commit_if(kept, transaction).await?;
            failpoint::reach("replace_data:after").await;
            Ok(kept)
        })
        .await
    }

    #[tracing::instrument(
        name = "transaction",
        skip_all,
        fields(work = "delete_domain", store = "sqlite")
    )]
    async fn delete_domain(
        &self,
        tenant_id: Uuid,
        domain: &str,
    ) -> Result<EntityCounts, RepoError> {
        self.with_reserve(|| async move {
            let mut transaction = self.begin().await?;
            let deleted =
                shared_segments::delete_domain(&mut within(&mut transaction), tenant_id, domain)
                    .await?;
            self.commit(transaction).await?;
            Ok(deleted)
        })
        .await
    }

    async fn find_segments(
        &self,
        tenant_id: Uuid,
        domain: Option<&str>,
        entity: Option<&str>,
    ) -> Result<Vec<StoredSegment>, RepoError> {
        shared_segments::find(&mut self.reading(), tenant_id, domain, entity).await
    }

    async fn fail_interrupted(&self, reason: &str) -> Result<Vec<String>, RepoError> {
        self.with_reserve(|| async move {
            let mut transaction = self.begin().await?;
            let failed = destroy::fail_interrupted(&mut within(&mut transaction), reason).await?;
            self.commit(transaction).await?;
            Ok(failed)
        })
        .await
    }

    /// The directory's lock proves that no other process holds one.
    async fn end_leases(&self) -> Result<(), RepoError> {
        self.with_reserve(|| async move {
            let mut transaction = self.begin().await?;
            destroy::end_leases(&mut within(&mut transaction)).await?;
            self.commit(transaction).await
        })
        .await
    }

    async fn prune(&self, ledger: DateTime<Utc>, now: DateTime<Utc>) -> Result<u64, RepoError> {
        self.with_reserve(|| async move {
            let mut transaction = self.begin().await?;
            let gone = destroy::prune(&mut within(&mut transaction), ledger, now).await?;
            self.commit(transaction).await?;
            Ok(gone)
        })
        .await
    }

    async fn list_revisions(&self) -> Result<Vec<Revision>, RepoError> {
        registry::list(&mut self.reading()).await
    }

    async fn find_revision(&self, revision: Option<u32>) -> Result<Option<Revision>, RepoError> {
        registry::find(&mut self.reading(), revision).await
    }

    async fn find_component(&self, digest: &str) -> Result<Option<Vec<u8>>, RepoError> {
        registry::component(&mut self.reading(), digest).await
    }

    #[tracing::instrument(
        name = "transaction",
        skip_all,
        fields(work = "append_revision", store = "sqlite")
    )]
    async fn append_revision(
        &self,
        revision: &Revision,
        components: &[ComponentRow],
    ) -> Result<bool, RepoError> {
        self.with_room(async {
            let mut transaction = self.begin().await?;
            let kept =
                registry::append(&mut within(&mut transaction), revision, components).await?;
            failpoint::reach("append_revision:before").await;
            let kept = self.commit_if(kept, transaction).await?;
            failpoint::reach("append_revision:after").await;
            Ok(kept)
        })
        .await
    }

    async fn collect_components(&self, since: DateTime<Utc>) -> Result<Vec<String>, RepoError> {
        self.with_reserve(|| async move {
            let mut transaction = self.begin().await?;
            let stay = registry::collect(&mut within(&mut transaction), since).await?;
            self.commit(transaction).await?;
            Ok(stay)
        })
        .await
    }

    async fn keep_fingerprints(
        &self,
        own: &[KeyFingerprint],
        replace: bool,
    ) -> Result<Vec<KeyFingerprint>, RepoError> {
        self.with_reserve(|| async move {
            let mut transaction = self.begin().await?;
            let kept = fingerprints::keep(&mut within(&mut transaction), own, replace).await?;
            self.commit(transaction).await?;
            Ok(kept)
        })
        .await
    }

    async fn ping(&self) -> Result<(), RepoError> {
        sqlx::query("SELECT 1")
            .execute(&self.connections.readers)
            .await
            .map_err(classify)?;
        self.room.refuse_while_short()
    }

    async fn close(&self) {
        self.checkpointer.stop();
        self.connections.close().await;
    }
}
