//! Why a session could not do what it was asked.

use std::time::Duration;

use crate::plugins::VersionError;
use levain_model::fault::Fault;
use levain_model::{Session, SessionStatus};
use levain_store::RepoError;

/// Why a request of the sessions failed.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The catalog has no such account.
    #[error("there is no account `{asked}`")]
    UnknownAccount {
        /// What was asked for.
        asked: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The catalog has no such domain, or the account has no part in it.
    #[error("there is no domain `{asked}`")]
    UnknownDomain {
        /// What was asked for.
        asked: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The domain has no such entity.
    #[error("domain `{domain}` has no entity `{asked}`")]
    UnknownEntity {
        /// The domain.
        domain: String,
        /// What was asked for.
        asked: String,
        /// What it has.
        known: Vec<String>,
    },
    /// The domain's service has no such trigger.
    #[error("domain `{domain}` has no trigger `{asked}`")]
    UnknownTrigger {
        /// The domain.
        domain: String,
        /// The path that was asked for.
        asked: String,
        /// The paths that it has.
        known: Vec<String>,
    },
    /// A trigger cannot run, since something that it reads is not there.
    #[error("trigger `{trigger}` was skipped: {reason}")]
    TriggerSkipped {
        /// The trigger.
        trigger: String,
        /// What is not there.
        reason: String,
    },
    /// A trigger made nothing that could be kept.
    #[error("trigger `{trigger}` failed: {}", error.message)]
    TriggerFailed {
        /// The trigger.
        trigger: String,
        /// Why.
        error: Box<levain_model::Failure>,
    },
    /// There is no such session or tenant.
    #[error("there is no such {what}")]
    NotFound {
        /// `session` or `tenant`.
        what: &'static str,
    },
    /// It was destroyed, or its time is over.
    #[error("the session is over ({status})")]
    Gone {
        /// How it ended.
        status: SessionStatus,
    },
    /// Its data cannot be read now.
    #[error("the session is {status}; its data can be read when it is READY or PARTIAL")]
    NotOpen {
        /// What it is.
        status: SessionStatus,
    },
    /// The domain has no data in this session.
    #[error("domain `{domain}` has no data in this session: {why}")]
    NotCloned {
        /// The domain.
        domain: String,
        /// Why not.
        why: &'static str,
    },
    /// It has no receipt: nothing of it was ever committed, or an earlier version made it.
    #[error("the session has no receipt ({status})")]
    NoReceipt {
        /// What it is.
        status: SessionStatus,
    },
    /// Its catalog or its components are not available any more.
    #[error("the session cannot be made again: {reason}")]
    NotReproducible {
        /// What is not here.
        reason: String,
    },
    /// A name that was asked for is taken.
    #[error("{what} is taken")]
    Conflict {
        /// Which.
        what: &'static str,
    },
    /// It has been extended as often as it can be.
    #[error("the session cannot be extended again: {most} times is the most")]
    NoMoreExtensions {
        /// How often a session can be extended.
        most: u32,
    },
    /// Another change of the session was committed first; this one was discarded.
    #[error("the session was changed by another request meanwhile")]
    Changed,
    /// Too many clones are under way.
    #[error("too many sessions are being created at once")]
    Busy,
    /// The idempotency key belongs to another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// It was deleted while it was being created.
    #[error("the session was deleted while it was being created")]
    Cancelled,
    /// The clone took longer than its lease.
    #[error("the clone did not end within its lease of {} s", lease.as_secs())]
    LeaseOver {
        /// The lease.
        lease: Duration,
    },
    /// A required domain was not cloned.
    #[error("the session FAILED: a required domain was not cloned")]
    CloneFailed {
        /// What became of each domain.
        session: Box<Session>,
    },
    /// One domain was not cloned.
    #[error("domain `{domain}` was not cloned: {}", error.message)]
    DomainFailed {
        /// The domain.
        domain: String,
        /// Why.
        error: Box<levain_model::Failure>,
    },
    /// The request contradicts the session.
    #[error("the request is not valid")]
    Invalid {
        /// Every fault of it.
        faults: Vec<Fault>,
    },
    /// What is stored cannot be exported.
    #[error("the data cannot be exported: {fault}")]
    NotExportable {
        /// What prevents it.
        fault: Box<Fault>,
    },
    /// The host is stopping.
    #[error("the host is stopping")]
    Stopping,
    /// The machine has no random numbers, or a task was lost.
    #[error("the host failed: {reason}")]
    Host {
        /// What happened.
        reason: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(RepoError),
}

impl From<VersionError> for SessionError {
    fn from(error: VersionError) -> Self {
        match error {
            VersionError::Store(error) => error.into(),
            other => Self::Host {
                reason: other.to_string(),
            },
        }
    }
}

impl From<RepoError> for SessionError {
    fn from(error: RepoError) -> Self {
        match error {
            RepoError::Conflict { what } => Self::Conflict { what },
            other => Self::Store(other),
        }
    }
}
