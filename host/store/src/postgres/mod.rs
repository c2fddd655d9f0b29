//! The store on a PostgreSQL server, for any number of hosts.
//!
//! A host that is paused or cut off can write nothing once its lease has run out: the last statement of
//! a transaction asks the server's own clock, and a transaction that idles for longer than a fraction of
//! a lease is ended by the server.

mod connect;
mod data;
mod error;
#[cfg(test)]
mod tests;
mod views;

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

pub(super) use self::error::{classify, open_error};
use super::dialect::Connection;
use super::{
    DeletedSegment, Due, IdempotencyKey, Inserted, Lease, OpenError, Replaced, Repo, RepoError,
    SessionPosition, StoreOptions, migrations,
};
use super::{Swap, destroy, fingerprints, keys, receipts, registry, segments, sessions};
use crate::failpoint;
use levain_model::{
    CatalogClaim, ComponentRow, EntityCounts, KeyFingerprint, Revision, Session, SessionCounts,
    SessionStatus, StoredSegment,
};

/// The store on a PostgreSQL server.
#[derive(Debug)]
pub struct PostgresRepo {
    pool: PgPool,
}

impl PostgresRepo {
    /// Connects for a catalog, and brings the tables and views up to date.
    ///
    /// # Errors
    /// Where the server cannot be reached or used, or the catalog's views cannot be made.
    pub async fn open(
        url: &str,
        catalog: &CatalogClaim<'_>,
        options: StoreOptions,
    ) -> Result<Self, OpenError> {
        let pool = connect::pool(url, options)?;
        // Several hosts that start at once take turns: the migrator holds a lock of the server's
        // meanwhile, which ends with its connection.
        migrations::postgres()
            .run(&pool)
            .await
            .map_err(not_migrated)?;
        let mut transaction = pool.begin().await.map_err(open_error)?;
        registry::claim(&mut within(&mut transaction), catalog).await?;
        views::refresh(&mut transaction, catalog.views).await?;
        transaction.commit().await.map_err(open_error)?;
        Ok(Self { pool })
    }

    /// Any free connection: a single statement needs no transaction.
    fn reading(&self) -> Connection<'_> {
        Connection::PostgresPool(&self.pool)
    }

    async fn begin(&self) -> Result<Transaction<'static, Postgres>, RepoError> {
        self.pool.begin().await.map_err(classify)
    }
}

fn within(connection: &mut PgConnection) -> Connection<'_> {
    Connection::Postgres(connection)
}

/// PostgreSQL's text has no NUL: what is asked for with one is not there.
fn storable(text: &str) -> bool {
    !text.contains('\0')
}

async fn commit(transaction: Transaction<'static, Postgres>) -> Result<(), RepoError> {
    transaction.commit().await.map_err(classify)
}

/// Commits if the change may stay, and rolls back otherwise; returns whether it committed.
async fn commit_if(
    kept: bool,
    transaction: Transaction<'static, Postgres>,
) -> Result<bool, RepoError> {
    match kept {
        true => commit(transaction).await?,
        false => transaction.rollback().await.map_err(classify)?,
    }
    Ok(kept)
}

fn not_migrated(source: MigrateError) -> OpenError {
    let store = "PostgreSQL".to_owned();
    match source {
        MigrateError::VersionMissing(version) => OpenError::Later { store, version },
        MigrateError::Execute(source) => open_error(source),
        source => OpenError::Migrate { store, source },
    }
}

#[async_trait]
impl Repo for PostgresRepo {
    #[tracing::instrument(
        name = "transaction",
        skip_all,
        fields(work = "insert_session", store = "postgresql")
    )]
    async fn insert_session(
        &self,
        session: &Session,
        lease: &Lease,
        key: Option<&IdempotencyKey>,
    ) -> Result<Inserted, RepoError> {
        let mut transaction = self.begin().await?;
        if let Some(key) = key {
            let connection = &mut within(&mut transaction);
            let taken = keys::claim(connection, key, &session.session_id, session.created_at);
            if let Some(before) = taken.await? {
                transaction.rollback().await.map_err(classify)?;
                return Ok(Inserted::Before(before));
            }
        }
        let plugin_revision =
            sessions::insert(&mut within(&mut transaction), session, lease).await?;
        commit(transaction).await?;
        Ok(Inserted::New { plugin_revision })
    }

    #[tracing::instrument(
        name = "transaction",
        skip_all,
        fields(work = "commit_session", store = "postgresql")
    )]
    async fn commit_session(
        &self,
        session: &Session,
        segments: &[StoredSegment],
        receipt: Option<&str>,
    ) -> Result<bool, RepoError> {
        let mut transaction = self.begin().await?;
        let kept = data::commit(&mut transaction, session, segments, receipt).await?;
        failpoint::reach("commit_session:before").await;
        let kept = commit_if(kept, transaction).await?;
        failpoint::reach("commit_session:after").await;
        Ok(kept)
    }

    async fn find_session(&self, session_id: &str) -> Result<Option<Session>, RepoError> {
        if !storable(session_id) {
            return Ok(None);
        }
        sessions::find(&mut self.reading(), session_id).await
    }

    async fn find_receipt(&self, session_id: &str) -> Result<Option<String>, RepoError> {
        if !storable(session_id) {
            return Ok(None);
        }
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
        let after = after.filter(|after| storable(&after.session_id));
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
        if !storable(session_id) {
            return Ok(false);
        }
        sessions::extend(&mut self.reading(), session_id, now, by, most).await
    }

    #[tracing::instrument(
        name = "transaction",
        skip_all,
        fields(work = "begin_destroying", store = "postgresql")
    )]
    async fn begin_destroying(
        &self,
        session_id: &str,
        lease: &Lease,
    ) -> Result<Option<SessionStatus>, RepoError> {
        if !storable(session_id) {
            return Ok(None);
        }
        let mut transaction = self.begin().await?;
        let status = destroy::begin(&mut within(&mut transaction), session_id, lease).await?;
        commit(transaction).await?;
        Ok(status)
    }

    async fn begin_destroying_due(
        &self,
        due: &Due,
        lease: &Lease,
    ) -> Result<Vec<String>, RepoError> {
        destroy::begin_due(&mut self.reading(), due, lease).await
    }

    #[tracing::instrument(
        name = "transaction",
        skip_all,
        fields(work = "destroy_session", store = "postgresql")
    )]
    async fn destroy_session(
        &self,
        session_id: &str,
        now: DateTime<Utc>,
        remarks: &[String],
    ) -> Result<Vec<DeletedSegment>, RepoError> {
        let mut transaction = self.begin().await?;
        let deleted =
            destroy::destroy(&mut within(&mut transaction), session_id, now, remarks).await?;
        failpoint::reach("destroy_session:before").await;
        commit(transaction).await?;
        failpoint::reach("destroy_session:after").await;
        Ok(deleted)
    }

    #[tracing::instrument(
        name = "transaction",
        skip_all,
        fields(work = "record_failed_cleanup", store = "postgresql")
    )]
    async fn record_failed_cleanup(
        &self,
        session_id: &str,
        now: DateTime<Utc>,
        reason: &str,
    ) -> Result<u32, RepoError> {
        let mut transaction = self.begin().await?;
        let failures =
            destroy::record_failure(&mut within(&mut transaction), session_id, now, reason).await?;
        commit(transaction).await?;
        Ok(failures)
    }

    async fn deadline(&self, lease: Duration) -> Result<DateTime<Utc>, RepoError> {
        sessions::deadline(&mut self.reading(), lease).await
    }

    #[tracing::instrument(
        name = "transaction",
        skip_all,
        fields(work = "replace_data", store = "postgresql")
    )]
    async fn replace_data(
        &self,
        session: &Session,
        deadline: DateTime<Utc>,
        replaced: Replaced<'_>,
        segments: &[StoredSegment],
        receipt: Option<&str>,
    ) -> Result<bool, RepoError> {
        let mut transaction = self.begin().await?;
        let swap = Swap {
            deadline,
            replaced,
            segments,
            receipt,
        };
        let kept = data::replace(&mut transaction, session, swap).await?;
        failpoint::reach("replace_data:before").await;
        let kept = commit_if(kept, transaction).await?;
        failpoint::reach("replace_data:after").await;
        Ok(kept)
    }

    #[tracing::instrument(
        name = "transaction",
        skip_all,
        fields(work = "delete_domain", store = "postgresql")
    )]
    async fn delete_domain(
        &self,
        tenant_id: Uuid,
        domain: &str,
    ) -> Result<EntityCounts, RepoError> {
        segments::delete_domain(&mut self.reading(), tenant_id, domain).await
    }

    async fn find_segments(
        &self,
        tenant_id: Uuid,
        domain: Option<&str>,
        entity: Option<&str>,
    ) -> Result<Vec<StoredSegment>, RepoError> {
        segments::find(&mut self.reading(), tenant_id, domain, entity).await
    }

    async fn fail_interrupted(&self, reason: &str) -> Result<Vec<String>, RepoError> {
        let mut transaction = self.begin().await?;
        let failed = destroy::fail_interrupted(&mut within(&mut transaction), reason).await?;
        commit(transaction).await?;
        Ok(failed)
    }

    /// Other hosts may hold leases here: theirs run out by themselves.
    async fn end_leases(&self) -> Result<(), RepoError> {
        Ok(())
    }

    async fn prune(&self, ledger: DateTime<Utc>, now: DateTime<Utc>) -> Result<u64, RepoError> {
        let mut transaction = self.begin().await?;
        let gone = destroy::prune(&mut within(&mut transaction), ledger, now).await?;
        commit(transaction).await?;
        Ok(gone)
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
        fields(work = "append_revision", store = "postgresql")
    )]
    async fn append_revision(
        &self,
        revision: &Revision,
        components: &[ComponentRow],
    ) -> Result<bool, RepoError> {
        let mut transaction = self.begin().await?;
        let kept = registry::append(&mut within(&mut transaction), revision, components).await?;
        failpoint::reach("append_revision:before").await;
        let kept = commit_if(kept, transaction).await?;
        failpoint::reach("append_revision:after").await;
        Ok(kept)
    }

    async fn collect_components(&self, since: DateTime<Utc>) -> Result<Vec<String>, RepoError> {
        let mut transaction = self.begin().await?;
        let stay = registry::collect(&mut within(&mut transaction), since).await?;
        commit(transaction).await?;
        Ok(stay)
    }

    async fn keep_fingerprints(
        &self,
        own: &[KeyFingerprint],
        replace: bool,
    ) -> Result<Vec<KeyFingerprint>, RepoError> {
        let mut transaction = self.begin().await?;
        let kept = fingerprints::keep(&mut within(&mut transaction), own, replace).await?;
        commit(transaction).await?;
        Ok(kept)
    }

    async fn ping(&self) -> Result<(), RepoError> {
        sqlx::query("SELECT 1")
            .execute(&self.pool)
            .await
            .map_err(classify)?;
        Ok(())
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}
