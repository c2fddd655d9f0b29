//! What callers hand to a store beside sessions: leases, keys, positions, what is due.

use std::time::Duration;

use chrono::{DateTime, Utc};

use levain_model::{Part, Session, StoredSegment};

/// A claim on a session: who is at work on it, and for how long at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The host, for an operator's eyes: what fences it off is the epoch.
    pub owner: String,
    /// From now, on the store's clock.
    pub duration: Duration,
}

/// The key of a request that is to be done once, however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// SHA-256 of the caller's key: the key returns the access token, so it is not stored itself.
    pub digest: String,
    /// SHA-256 of what was asked for.
    pub request: String,
    /// Until when it is kept, on the real clock.
    pub expires_at: DateTime<Utc>,
}

/// What a key was used for before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// The session that was made then.
    pub session_id: String,
    /// SHA-256 of what was asked for then.
    pub request: String,
}

/// What became of a session that was to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inserted {
    /// It was.
    New {
        /// The registry's revision that it is wholly of.
        plugin_revision: u32,
    },
    /// Its key had made another.
    Before(KeyUse),
}

/// A place in the list of sessions, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPosition {
    /// When the session there was created.
    pub created_at: DateTime<Utc>,
    /// Its id.
    pub session_id: String,
}

impl SessionPosition {
    /// The position of a session.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        Self {
            created_at: session.created_at,
            session_id: session.session_id.clone(),
        }
    }
}

/// Which sessions are to be destroyed: those whose time was over at `expired_by`, and those whose
/// destruction was begun and not ended, unless it failed `most_failures` times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// On the real clock.
    pub expired_by: DateTime<Utc>,
    /// How many at a time.
    pub limit: u32,
    /// How often a cleanup may fail before it is left to an operator.
    pub most_failures: u32,
}

/// What new data takes the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced<'a> {
    /// All that the session holds.
    Everything,
    /// These parts.
    Parts(&'a [Part]),
}

/// New data of a session, and what it replaces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Swap<'a> {
    /// Until when it must be written, on the store's clock.
    pub(super) deadline: DateTime<Utc>,
    pub(super) replaced: Replaced<'a>,
    pub(super) segments: &'a [StoredSegment],
    pub(super) receipt: Option<&'a str>,
}
