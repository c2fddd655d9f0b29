//! Versions of plugins, changed while sessions are made: a candidate is admitted, proven on the fixtures of
//! every account, held against what serves now, and made a revision; or it is refused, and nothing changes.

mod activation;
mod difference;
mod draw;
mod error;
mod install;
mod laws;
mod listing;
mod proof;
mod rehearsal;
mod rollback;
mod watch;
mod weeks;

pub(super) use activation::Watch;
pub use activation::WatchPolicy;
pub use difference::{
    Changes, Difference, EntityDifference, Example, FieldDifference, StoredBytes,
};
pub use draw::Seed;
pub use error::VersionsError;
pub use install::{Candidate, Install, InstallTurn, Installation, Installed};
pub use listing::{DomainVersions, Version, VersionHealth};
pub use proof::{Cost, Finding, Proof};
pub use rollback::Rollback;
