//! What a running host must show with sessions of an account; `levain verify` holds it against them.

use std::time::Duration;

/// The thresholds of an account. What the catalog leaves open is measured and not judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// Alerts that are open right after creation, in all tenants of the session, at least.
    pub open_alerts: Option<u64>,
    /// How long a creation may take.
    pub creation: Option<CreationTimes>,
}

/// How long creations may take: percentiles, each to stay below its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreationTimes {
    /// Half of them.
    pub p50: Duration,
    /// Nineteen of twenty.
    pub p95: Duration,
    /// Ninety-nine of a hundred.
    pub p99: Duration,
}
