//! Domains: what the catalog says of each, as data.

use std::time::Duration;

use serde::Deserialize;

/// One domain of the catalog.
#[derive(Debug, Clone)]
pub struct Domain {
    /// Its name in paths, segments and views.
    pub slug: String,
    /// What it holds, for people.
    pub title: String,
    /// Whether its records are made by triggers alone: it has no plugin and no fixtures then, and
    /// takes no part in cloning.
    pub triggered: bool,
    /// The file stem of its component in the plugins directory; `None` for a triggered domain.
    pub plugin: Option<String>,
    /// Whether a session fails without it; never so for a triggered domain.
    pub required: bool,
    /// The longest that one clone call may take; zero for a triggered domain, which is not called.
    pub timeout: Duration,
    /// The entities that it owns, in the order of the catalog.
    pub entities: Vec<String>,
    /// The limits that differ from the host's defaults.
    pub limits: LimitOverrides,
}

/// Limits that the catalog sets for a domain; what is absent is the host's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitOverrides {
    /// Linear memory, in MiB.
    pub memory_mib: Option<u32>,
    /// Elements of all tables.
    pub table_elements: Option<u32>,
    /// Text that a clone may return, in KiB.
    pub output_kib: Option<u32>,
    /// Records that a clone may return.
    pub records: Option<u32>,
    /// Log text of one call, in KiB.
    pub log_kib: Option<u32>,
}

impl LimitOverrides {
    /// The names of the limits in the catalog.
    pub(super) const KEYS: &[&str] = &[
        "memory_mib",
        "table_elements",
        "output_kib",
        "records",
        "log_kib",
    ];
}
