//! What was seen of one session.

use std::collections::BTreeMap;
use std::time::Duration;

use levain_catalog::SessionReport;
use levain_model::fault::Fault;
use levain_store::Residue;

/// What was seen of one session.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// How long its creation took.
    pub(super) creation: Duration,
    /// Why it is not READY, where it is not: then the rest was not looked at.
    pub(super) not_ready: Option<String>,
    /// SHA-256 over the canonical export, by outlet and domain.
    pub(super) digests: BTreeMap<String, String>,
    /// Exports that the host refused, and why.
    pub(super) refused: Vec<String>,
    /// What a second check of all its records found.
    pub(super) report: SessionReport,
    /// Its exact times.
    pub(super) times: Times,
    /// Alerts that were open right after its creation.
    pub(super) open_alerts: u64,
    /// What is wrong with its extension, where there is anything; `None` where it was not offered.
    pub(super) extension: Option<Option<String>>,
    /// What each deletion answered; none where it was kept.
    pub(super) deletions: Vec<u16>,
    /// What the database had of it after its deletion; `None` where it was not asked.
    pub(super) residue: Option<Vec<Residue>>,
}

/// Exact times of all its tenants.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// How many were looked for.
    pub(super) expected: usize,
    /// How far the one that is farthest off is from where it must be.
    pub(super) largest_deviation: Duration,
    /// The first that are not where they must be.
    pub(super) faults: Vec<Fault>,
    /// How many there are of these.
    pub(super) total: usize,
}
