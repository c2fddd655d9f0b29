//! The limits of a call. They are values, they are never optional, and their defaults stand here.

use std::time::Duration;

use crate::catalog::{Domain, LimitOverrides};

/// The most that one call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall time of the whole call chain: instantiation, prepare, clone.
    pub timeout: Duration,
    /// All linear memories together, in bytes.
    pub memory_bytes: usize,
    /// All tables together, in elements.
    pub table_elements: usize,
    /// Text and lists that a call may hand back, in bytes.
    pub output_bytes: usize,
    /// Records that a clone may hand back.
    pub records: u32,
    /// Log text, in bytes.
    pub log_bytes: usize,
    /// Log lines.
    pub log_lines: u32,
}

impl Limits {
    /// What a call may use where the catalog says nothing else.
    pub const DEFAULT: Self = Self {
        timeout: Duration::from_secs(15),
        memory_bytes: 128 << 20,
        table_elements: 20_000,
        output_bytes: 32 << 20,
        records: 50_000,
        log_bytes: 64 << 10,
        log_lines: 500,
    };

    /// The stack of a guest, in bytes. One engine has one.
    pub const STACK_BYTES: usize = 512 << 10;

    /// The largest component that is admitted, in bytes: components that carry an interpreter
    /// take 12 to 19 MB.
    pub const COMPONENT_BYTES: u64 = 32 << 20;

    /// The limits of a domain: its own over the catalog's over the default.
    #[must_use]
    pub fn of(domain: &Domain, catalog: &LimitOverrides) -> Self {
        Self { timeout: domain.timeout, ..Self::DEFAULT }
            .overridden(catalog)
            .overridden(&domain.limits)
    }

    fn overridden(self, over: &LimitOverrides) -> Self {
        let mib = |value: Option<u32>, default: usize| value.map_or(default, |n| (n as usize) << 20);
        let kib = |value: Option<u32>, default: usize| value.map_or(default, |n| (n as usize) << 10);
        Self {
            memory_bytes: mib(over.memory_mib, self.memory_bytes),
            table_elements: over.table_elements.map_or(self.table_elements, |n| n as usize),
            output_bytes: kib(over.output_kib, self.output_bytes),
            records: over.records.unwrap_or(self.records),
            log_bytes: kib(over.log_kib, self.log_bytes),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_wins_over_the_catalog_and_the_catalog_over_the_default() {
        let catalog = LimitOverrides { memory_mib: Some(64), records: Some(10), ..Default::default() };
        let domain = Domain {
            slug: "shelf".into(),
            title: String::new(),
            plugin: "shelf".into(),
            required: false,
            timeout: Duration::from_secs(3),
            entities: vec![],
            limits: LimitOverrides { memory_mib: Some(16), ..Default::default() },
        };
        let limits = Limits::of(&domain, &catalog);
        assert_eq!(limits.memory_bytes, 16 << 20);
        assert_eq!(limits.records, 10);
        assert_eq!(limits.timeout, Duration::from_secs(3));
        assert_eq!(limits.output_bytes, Limits::DEFAULT.output_bytes);
    }
}
