//! Owns the revisions of plugins while the host serves: a candidate is admitted, proven on the fixtures of every
//! account and compared with the version that serves; then it becomes part of the next revision, or is rejected and
//! nothing changes. The first sessions of a revision are watched, and failures roll it back.
//!
//! Never: running sessions, except through the seam in `sessions/rehearse.rs`.

mod activation;
mod difference;
mod draw;
mod error;
mod finding;
mod install;
mod laws;
mod listing;
mod proof;
mod rehearsal;
mod rollback;
mod trial;
mod watch;
mod weeks;

pub use difference::{
    Changes, Difference, EntityDifference, Example, FieldDifference, StoredBytes,
};
pub use draw::Seed;
pub use error::RevisionError;
pub use finding::Finding;
pub use install::{Candidate, Install, InstallTurn, Installation, Installed};
pub use listing::{DomainVersions, Version, VersionHealth};
pub use proof::{Cost, Proof};
pub use rollback::Rollback;
pub use trial::WatchPolicy;

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::sessions::Sessions;

/// The revisions of a host. Cheap to clone.
#[derive(Clone)]
pub struct Revisions {
    sessions: Sessions,
    watch: Arc<trial::Watch>,
    /// Held while the plugins are changed: one change at a time.
    installing: Arc<Mutex<()>>,
}

impl Revisions {
    /// Revisions of the plugins of these sessions. The first sessions of each are watched by `policy`.
    #[must_use]
    pub fn new(sessions: Sessions, policy: WatchPolicy) -> Self {
        let revisions = Self {
            sessions,
            watch: Arc::new(trial::Watch::new(policy)),
            installing: Arc::default(),
        };
        revisions.observe();
        revisions
    }

    /// The sessions that they serve.
    #[must_use]
    pub const fn sessions(&self) -> &Sessions {
        &self.sessions
    }
}
