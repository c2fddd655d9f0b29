//! The observations of one session.

use std::collections::BTreeMap;
use std::time::Duration;

use levain_catalog::SessionReport;
use levain_model::fault::Fault;
use levain_store::Residue;

#[derive(Debug, Default)]
pub(super) struct Observation {
    /// How long its creation took.
    pub(super) creation: Duration,
    /// Why it is not READY; if set, nothing else was checked.
    pub(super) not_ready: Option<String>,
    /// SHA-256 over the canonical export, by outlet and domain.
    pub(super) digests: BTreeMap<String, String>,
    /// Exports that the host refused, with the reason.
    pub(super) refused: Vec<String>,
    /// The result of checking all its records again.
    pub(super) report: SessionReport,
    /// Its exact times.
    pub(super) times: Times,
    /// Alerts that were open right after its creation.
    pub(super) open_alerts: u64,
    /// The fault of its extension, if any; `None` if extensions are not offered.
    pub(super) extension: Option<Option<String>>,
    /// The status of each deletion; empty if the session was kept.
    pub(super) deletions: Vec<u16>,
    /// Its rows in the database after deletion; `None` if not checked.
    pub(super) residue: Option<Vec<Residue>>,
}

/// Exact times of all its tenants.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// The number of exact times.
    pub(super) expected: usize,
    /// The largest deviation.
    pub(super) largest_deviation: Duration,
    /// The first deviations.
    pub(super) faults: Vec<Fault>,
    /// The number of deviations.
    pub(super) total: usize,
}
