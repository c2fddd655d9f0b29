//! Owns SQL and transactions: sessions, segments and the views over them, behind one trait.
//!
//! Never: business rules. What a status means, and when one may follow another, is the
//! sessions' to know.

#[cfg(test)]
mod cases;
mod model;
mod sqlite;
mod view;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use model::{ServiceError, ServiceRow, ServiceStatus, SessionRow, SessionStatus, TenantRow};
pub use sqlite::{OpenError, SqliteRepo};
pub use view::{ViewColumn, ViewError, ViewKind, ViewSpec};

use crate::segment::{EntityCounts, StoredSegment};

/// A store of sessions and their segments.
#[async_trait]
pub trait Repo: Send + Sync + 'static {
    /// Writes a new session, with its tenants and their services, before any of it is cloned.
    ///
    /// # Errors
    /// [`RepoError::Conflict`] where the session's or a tenant's id is taken.
    async fn insert_session(&self, session: &SessionRow) -> Result<(), RepoError>;

    /// Commits a clone in one transaction: its segments, its services' outcomes and its status.
    /// Nothing of it was visible before, all of it is afterwards. Does nothing and answers
    /// `false` where the session is no longer CLONING (it was deleted meanwhile).
    async fn commit_session(
        &self,
        session: &SessionRow,
        segments: &[StoredSegment],
    ) -> Result<bool, RepoError>;

    /// The session, with its tenants and services.
    async fn find_session(&self, session_id: &str) -> Result<Option<SessionRow>, RepoError>;

    /// The session that a virtual tenant belongs to, destroyed ones excluded.
    async fn find_session_of_tenant(
        &self,
        tenant_id: Uuid,
    ) -> Result<Option<SessionRow>, RepoError>;

    /// Sessions, newest first, at most `limit`.
    async fn list_sessions(&self, limit: u32) -> Result<Vec<SessionRow>, RepoError>;

    /// Moves a session to DESTROYING, whatever it was; answers the status it had, or `None`
    /// where there is no such session.
    async fn begin_destroying(&self, session_id: &str) -> Result<Option<SessionStatus>, RepoError>;

    /// Deletes every segment of the session's tenants and marks it DESTROYED, in one
    /// transaction; answers the records deleted per tenant, domain and entity. Once more, it
    /// deletes nothing. The audit row is SUCCESS, or PARTIAL with what `amiss` says of the plans.
    async fn destroy_session(
        &self,
        session_id: &str,
        now: DateTime<Utc>,
        amiss: &[String],
    ) -> Result<Vec<DeletedSegment>, RepoError>;

    /// Replaces what is held of one domain of a tenant and its service's outcome (and the
    /// session's status), in one transaction. Answers `false` where the session is gone.
    async fn replace_domain(
        &self,
        session: &SessionRow,
        tenant_id: Uuid,
        domain: &str,
        segments: &[StoredSegment],
    ) -> Result<bool, RepoError>;

    /// Deletes one domain of a tenant; answers what was there.
    async fn delete_domain(&self, tenant_id: Uuid, domain: &str)
    -> Result<EntityCounts, RepoError>;

    /// One segment.
    async fn find_segment(
        &self,
        tenant_id: Uuid,
        domain: &str,
        entity: &str,
    ) -> Result<Option<StoredSegment>, RepoError>;

    /// All segments of a tenant, or those of one domain.
    async fn find_segments(
        &self,
        tenant_id: Uuid,
        domain: Option<&str>,
    ) -> Result<Vec<StoredSegment>, RepoError>;

    /// What a process that died left CLONING becomes FAILED with `reason`, what it left
    /// DESTROYING is destroyed. Answers the ids of the failed. Called once, before serving.
    async fn recover(&self, now: DateTime<Utc>, reason: &str) -> Result<Vec<String>, RepoError>;

    /// Answers a trivial query: whether the store can be reached.
    async fn ping(&self) -> Result<(), RepoError>;

    /// Finishes what is under way and closes the store.
    async fn close(&self);
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
