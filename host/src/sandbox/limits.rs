//! The limits of a call. They are values, and they are never optional: what nobody sets has the
//! default of the table of settings.

use std::time::Duration;

use crate::catalog::{Domain, LimitOverrides};
use crate::config::SandboxLimits;

/// The most that one call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall time of the whole call chain: instantiation, prepare and clone, or a trigger.
    pub timeout: Duration,
    /// All linear memories together, in bytes.
    pub memory_bytes: usize,
    /// All tables together, in elements.
    pub table_elements: usize,
    /// Text and lists that a call may hand back, in bytes.
    pub output_bytes: usize,
    /// Records that a call may hand back.
    pub records: u32,
    /// Log text, in bytes.
    pub log_bytes: usize,
    /// Log lines.
    pub log_lines: u32,
}

impl Limits {
    /// Log lines of one call. Bytes are the limit that is set; lines bound what one byte each costs.
    const LOG_LINES: u32 = 500;

    /// What a call of `domain` may use: its own limits over the catalog's over the host's.
    #[must_use]
    pub fn of(domain: &Domain, catalog: &LimitOverrides, host: &SandboxLimits) -> Self {
        let own = &domain.limits;
        let set = |of: fn(&LimitOverrides) -> Option<u32>, host: u32| {
            of(own).or(of(catalog)).unwrap_or(host)
        };
        Self {
            timeout: domain.timeout,
            memory_bytes: (set(|over| over.memory_mib, host.memory_mib) as usize) << 20,
            table_elements: set(|over| over.table_elements, host.table_elements) as usize,
            output_bytes: (set(|over| over.output_kib, host.output_kib) as usize) << 10,
            records: set(|over| over.records, host.records),
            log_bytes: (set(|over| over.log_kib, host.log_kib) as usize) << 10,
            log_lines: Self::LOG_LINES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_wins_over_the_catalog_and_the_catalog_over_the_host() {
        let host = SandboxLimits {
            memory_mib: 128,
            table_elements: 1,
            stack_kib: 1,
            output_kib: 7,
            records: 1,
            log_kib: 1,
            component_mib: 1,
        };
        let catalog = LimitOverrides {
            memory_mib: Some(64),
            records: Some(10),
            ..Default::default()
        };
        let domain = Domain {
            slug: "shelf".into(),
            title: String::new(),
            triggered: false,
            plugin: Some("shelf".into()),
            required: false,
            timeout: Duration::from_secs(3),
            entities: vec![],
            limits: LimitOverrides {
                memory_mib: Some(16),
                ..Default::default()
            },
        };
        let limits = Limits::of(&domain, &catalog, &host);
        assert_eq!(limits.memory_bytes, 16 << 20);
        assert_eq!(limits.records, 10);
        assert_eq!(limits.timeout, Duration::from_secs(3));
        assert_eq!(limits.output_bytes, 7 << 10);
    }
}
