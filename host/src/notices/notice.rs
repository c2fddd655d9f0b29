//! The notices that operators get.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// Something that an operator must see to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Notice {
    /// A session's data could not be deleted, and the host has stopped trying.
    CleanupGivenUp {
        /// The session, shortened.
        session: String,
        /// How often it was tried.
        failures: u32,
        /// Why it failed the last time.
        reason: String,
    },
    /// More of a sweep failed than may.
    SweepFailed {
        /// Sessions that could not be destroyed.
        failed: u64,
        /// Sessions that were due.
        of: u64,
    },
    /// Calls of a plugin hit a limit again and again, and are failed fast.
    CircuitOpened {
        /// The domain.
        domain: String,
        /// The component's digest.
        digest: String,
        /// The kind of call.
        call: String,
        /// How many of them in a row.
        failures: u32,
        /// How the last one failed.
        reason: String,
        /// When the next one is made, as a probe.
        probe_at: DateTime<Utc>,
    },
    /// A call of the kind ended within its limits, and all of them are made again.
    CircuitClosed {
        /// The domain.
        domain: String,
        /// The component's digest.
        digest: String,
        /// The kind of call.
        call: String,
    },
    /// Sessions failed after a version was activated, and the versions before serve again.
    VersionsRolledBack {
        /// The domains that changed.
        domains: Vec<String>,
        /// The revision that failed.
        revision: u32,
        /// The revision that serves now.
        serves: u32,
        /// Sessions that failed in these domains.
        failed: u32,
        /// Sessions of the revision that this host made.
        of: u32,
        /// How the last one failed.
        reason: String,
    },
    /// Sessions failed after a version was activated, and it could not be rolled back.
    RollbackFailed {
        /// The domains that changed.
        domains: Vec<String>,
        /// The revision that failed, and serves on.
        revision: u32,
        /// Why it could not be rolled back.
        reason: String,
    },
}

/// What a notice can be.
pub const KINDS: [&str; 6] = [
    "cleanup.given_up",
    "sweep.failed",
    "circuit.opened",
    "circuit.closed",
    "versions.rolled_back",
    "versions.rollback_failed",
];

impl Notice {
    /// What it is, in a word that receivers can rely on.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::CleanupGivenUp { .. } => KINDS[0],
            Self::SweepFailed { .. } => KINDS[1],
            Self::CircuitOpened { .. } => KINDS[2],
            Self::CircuitClosed { .. } => KINDS[3],
            Self::VersionsRolledBack { .. } => KINDS[4],
            Self::RollbackFailed { .. } => KINDS[5],
        }
    }
}
