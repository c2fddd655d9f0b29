//! Thresholds for the sessions of an account, which `levain verify` checks a running host against.

use std::time::Duration;

/// The thresholds of an account. Without a threshold, a value is measured and not judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// Alerts that are open right after creation, in all tenants of the session, at least.
    pub open_alerts: Option<u64>,
    /// How long a creation may take.
    pub creation: Option<CreationTimes>,
}

/// Percentiles of the time that a creation takes; each must stay below its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreationTimes {
    pub p50: Duration,
    pub p95: Duration,
    pub p99: Duration,
}
