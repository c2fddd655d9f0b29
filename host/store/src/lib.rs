//! Owns SQL and transactions: sessions, segments and the views over them, behind one trait.
//!
//! Never: business rules. What a status means, and when one may follow another, is the
//! sessions' to know.

mod audit;
#[cfg(test)]
mod cases;
mod destroy;
mod dialect;
mod expect;
pub mod failpoint;
mod fingerprints;
mod inspector;
mod interrupted;
mod json_text;
mod keys;
mod lease;
mod migrations;
mod open_error;
mod postgres;
mod receipts;
mod registry;
mod rows;
mod segments;
mod sessions;
mod sql;
mod sqlite;
mod url;
mod view;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use inspector::{Inspector, Relation, Residue};
pub use lease::{Due, IdempotencyKey, Inserted, KeyUse, Lease, Replaced, SessionPosition};

use lease::Swap;
pub use open_error::OpenError;
pub use postgres::PostgresRepo;

pub use sqlite::SqliteRepo;
pub use url::StoreUrl;
pub use view::ViewError;

use levain_model::{
    CatalogClaim, ComponentRow, EntityCounts, KeyFingerprint, Revision, Session, SessionCounts,
    SessionStatus, StoredSegment,
};

/// A store of sessions and their segments.
///
/// Work on a session needs a *lease*, which is never renewed: until its deadline, on the
/// store's own clock, the work may be written; after it, nothing of it is, and anybody may end it.
/// A session's `epoch` counts who changed its data: what was made of one epoch is not written into
/// another.
#[async_trait]
pub trait Repo: Send + Sync + 'static {
    /// Writes a new session, with its tenants and their services, before any of it is cloned, and
    /// leases it; with it, in the same transaction, the key that it was asked for with. The session is of
    /// the registry's newest revision of that moment, whatever its row says. Returns what that key stands
    /// for where it was used before, having written nothing.
    ///
    /// # Errors
    /// [`RepoError::Conflict`] where the session's or a tenant's id is taken.
    async fn insert_session(
        &self,
        session: &Session,
        lease: &Lease,
        key: Option<&IdempotencyKey>,
    ) -> Result<Inserted, RepoError>;

    /// Commits a clone in one transaction: its segments, what became of its services and
    /// triggers, and its status.
    /// Nothing of it was visible before, all of it is afterwards. Returns `false`, having written
    /// nothing, where the session is no longer CLONING in this epoch (it was deleted), or
    /// its lease has run out. A receipt is the session's from then on.
    async fn commit_session(
        &self,
        session: &Session,
        segments: &[StoredSegment],
        receipt: Option<&str>,
    ) -> Result<bool, RepoError>;

    /// The session, with its tenants and services.
    async fn find_session(&self, session_id: &str) -> Result<Option<Session>, RepoError>;

    /// The receipt of a session, where it has one; it stays when the session's data goes.
    async fn find_receipt(&self, session_id: &str) -> Result<Option<String>, RepoError>;

    /// The session that a virtual tenant belongs to, destroyed ones excluded.
    async fn find_session_of_tenant(&self, tenant_id: Uuid) -> Result<Option<Session>, RepoError>;

    /// Sessions, newest first, at most `limit`: those after `after` in this order.
    async fn list_sessions(
        &self,
        after: Option<&SessionPosition>,
        limit: u32,
    ) -> Result<Vec<Session>, RepoError>;

    /// How many sessions there are of each kind that an operator watches.
    async fn count_sessions(&self, now: DateTime<Utc>) -> Result<SessionCounts, RepoError>;

    /// Adds `by` to the time of an open session that has been extended fewer than `most` times.
    /// Returns `false` where it is not READY or PARTIAL, its time is over, or it cannot be extended
    /// again.
    async fn extend_session(
        &self,
        session_id: &str,
        now: DateTime<Utc>,
        by: Duration,
        most: u32,
    ) -> Result<bool, RepoError>;

    /// Moves a session to DESTROYING, whatever it was, and leases it; returns the status it had, or
    /// `None` where there is no such session. What others were making of it is not written any more.
    async fn begin_destroying(
        &self,
        session_id: &str,
        lease: &Lease,
    ) -> Result<Option<SessionStatus>, RepoError>;

    /// Moves sessions to DESTROYING that are due, at most `due.limit`, and leases them; returns their
    /// ids. No other caller gets the same ones while the lease lasts.
    async fn begin_destroying_due(
        &self,
        due: &Due,
        lease: &Lease,
    ) -> Result<Vec<String>, RepoError>;

    /// Deletes every segment of the session's tenants and marks it DESTROYED, in one
    /// transaction; returns the records deleted per tenant, domain and entity, all parts of an
    /// entity together. Once more, it
    /// deletes nothing. The audit row is SUCCESS, or PARTIAL with what `remarks` says of the plans.
    async fn destroy_session(
        &self,
        session_id: &str,
        now: DateTime<Utc>,
        remarks: &[String],
    ) -> Result<Vec<DeletedSegment>, RepoError>;

    /// Writes down that a cleanup failed, in an audit row and in the session's count of retries; it is
    /// due again when its lease has run out. Returns how often it has failed now; 0 where the session
    /// is not DESTROYING.
    async fn record_failed_cleanup(
        &self,
        session_id: &str,
        now: DateTime<Utc>,
        reason: &str,
    ) -> Result<u32, RepoError>;

    /// The instant on the store's clock when work that is begun now has to be written.
    async fn deadline(&self, lease: Duration) -> Result<DateTime<Utc>, RepoError>;

    /// Replaces data of an open session in one transaction: deletes what is `replaced`, writes
    /// `segments`, each of which is of it, and with them what `session` says of the clone (status,
    /// error, data clock, catalog, when it was cloned, services and triggers); a session's own time
    /// stays. The session is then of the next epoch. Returns `false`, having written nothing, where
    /// the session is not READY or PARTIAL any more or not of this epoch, or after `deadline`.
    ///
    /// # Errors
    /// [`RepoError::Corrupt`] for a part of another session, and for a segment of no part.
    async fn replace_data(
        &self,
        session: &Session,
        deadline: DateTime<Utc>,
        replaced: Replaced<'_>,
        segments: &[StoredSegment],
        receipt: Option<&str>,
    ) -> Result<bool, RepoError>;

    /// Deletes all parts of one domain of a tenant; returns what was there.
    async fn delete_domain(&self, tenant_id: Uuid, domain: &str)
    -> Result<EntityCounts, RepoError>;

    /// The segments of a tenant, or those of one domain, or of one entity: ordered by domain,
    /// entity and part.
    async fn find_segments(
        &self,
        tenant_id: Uuid,
        domain: Option<&str>,
        entity: Option<&str>,
    ) -> Result<Vec<StoredSegment>, RepoError>;

    /// What is CLONING and whose lease has run out becomes FAILED with `reason`; its ids.
    async fn fail_interrupted(&self, reason: &str) -> Result<Vec<String>, RepoError>;

    /// Ends every lease that a process of before can have held, so that what it left is found at
    /// once. Does nothing in a store that other hosts may be at work on.
    async fn end_leases(&self) -> Result<(), RepoError>;

    /// Forgets what is too old: sessions that were destroyed, and audits that were written, before
    /// `ledger`, and keys that ended before `now`. Returns how many sessions.
    async fn prune(&self, ledger: DateTime<Utc>, now: DateTime<Utc>) -> Result<u64, RepoError>;

    /// The registry's revisions, the oldest first.
    async fn list_revisions(&self) -> Result<Vec<Revision>, RepoError>;

    /// One revision of the registry; the newest where none is named.
    async fn find_revision(&self, revision: Option<u32>) -> Result<Option<Revision>, RepoError>;

    /// A component by its digest.
    async fn find_component(&self, digest: &str) -> Result<Option<Vec<u8>>, RepoError>;

    /// Writes the next revision of the registry, with the components that it is the first to name.
    /// Returns `false`, having written nothing, where it is not the one after the newest: somebody else
    /// has changed the registry.
    ///
    /// # Errors
    /// [`RepoError::Corrupt`] where it names a component that is not kept and not brought.
    async fn append_revision(
        &self,
        revision: &Revision,
        components: &[ComponentRow],
    ) -> Result<bool, RepoError>;

    /// Removes the components that neither the newest revision, nor a rollback, nor a session of the
    /// ledger names, nor a revision that another one came after `since`; returns the digests of those
    /// that stay.
    async fn collect_components(&self, since: DateTime<Utc>) -> Result<Vec<String>, RepoError>;

    /// Keeps the fingerprints of the keys that a host signs with, where the store knows none of that name, or where
    /// they are to replace what it knows. Returns what it knows then, in the same order: of hosts that start at once
    /// the first is kept.
    async fn keep_fingerprints(
        &self,
        own: &[KeyFingerprint],
        replace: bool,
    ) -> Result<Vec<KeyFingerprint>, RepoError>;

    /// Runs a trivial query: whether the store can be reached and, as far as it knows, takes new data.
    ///
    /// # Errors
    /// [`RepoError::Full`] while it takes none.
    async fn ping(&self) -> Result<(), RepoError>;

    /// Finishes what is under way and closes the store.
    async fn close(&self);
}

/// How a store is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreOptions {
    /// Connections at once; a file of SQLite has its own number.
    pub connections: u32,
    /// The longest lease that is asked for.
    pub lease: Duration,
}

/// Opens a store for a catalog, and brings its tables and views up to date.
///
/// # Errors
/// [`OpenError`].
pub async fn open(
    store: &StoreUrl,
    catalog: &CatalogClaim<'_>,
    options: StoreOptions,
) -> Result<Arc<dyn Repo>, OpenError> {
    Ok(match store {
        StoreUrl::Sqlite(file) => Arc::new(SqliteRepo::open(file, catalog).await?),
        StoreUrl::Postgres(url) => {
            Arc::new(PostgresRepo::open(url.reveal(), catalog, options).await?)
        }
    })
}

/// Records of one entity that were deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedSegment {
    /// The tenant.
    pub tenant_id: Uuid,
    /// The domain.
    pub domain: String,
    /// The entity.
    pub entity: String,
    /// How many records it had.
    pub records: u32,
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// A key is taken.
    #[error("{what} is taken")]
    Conflict {
        /// Which key.
        what: &'static str,
    },
    /// The store cannot be reached, is locked, or out of space; the same call may succeed later.
    #[error("the store is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// The store's disk is full; the same call may succeed once there is space.
    #[error(
        "the disk of the store is full: sessions can be read and deleted, and none is created until there is space"
    )]
    Full {
        /// Which write failed; none where the call was refused without a try.
        #[source]
        source: Option<sqlx::Error>,
    },
    /// The store refused or returned what this version cannot have written.
    #[error("the store failed")]
    Failed(#[source] sqlx::Error),
    /// A stored value cannot be read back.
    #[error("the stored {what} cannot be read: {reason}")]
    Corrupt {
        /// Which value.
        what: &'static str,
        /// Why not.
        reason: String,
    },
}
