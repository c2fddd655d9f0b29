//! Table `[account.verify]`: what sessions of the account must show.

use std::time::Duration;

use serde::Deserialize;

use super::super::thresholds::{CreationTimes, Thresholds};
use super::manifest::Manifest;
use super::source::Source;

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyEntry {
    open_alerts: Option<u64>,
    creation_ms: Option<CreationEntry>,
}

/// Its key `creation_ms`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct CreationEntry {
    p50: u64,
    p95: u64,
    p99: u64,
}

impl VerifyEntry {
    pub(super) const KEYS: &[&str] = &["open_alerts", "creation_ms"];
    pub(super) const CREATION_KEYS: &[&str] = &["p50", "p95", "p99"];

    /// The thresholds that it sets.
    pub(super) fn thresholds(&self) -> Thresholds {
        Thresholds {
            open_alerts: self.open_alerts,
            creation: self.creation_ms.map(|times| CreationTimes {
                p50: Duration::from_millis(times.p50),
                p95: Duration::from_millis(times.p95),
                p99: Duration::from_millis(times.p99),
            }),
        }
    }
}

/// Checks that percentiles are in the order that they have by nature.
pub(super) fn check(manifest: &Manifest, source: &mut Source) {
    for (index, account) in manifest.account.iter().enumerate() {
        let Some(times) = account.verify.creation_ms else {
            continue;
        };
        if times.p50 == 0 || times.p50 > times.p95 || times.p95 > times.p99 {
            let message = format!(
                "p50, p95 and p99 are milliseconds above 0, none smaller than the one before: {}, {}, {}",
                times.p50, times.p95, times.p99
            );
            let pointer = format!("/account/{index}/verify/creation_ms");
            source.refuse(&pointer, "bounds", message);
        }
    }
}
