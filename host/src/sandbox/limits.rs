//! The limits of a call and of a component. They are values, and they are never optional: what nobody sets has the
//! default of the table of settings.

use std::time::Duration;

use levain_catalog::{Domain, LimitOverrides};

/// What one call into a plugin may use, and what its component may be. There is no way to have no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SandboxLimits {
    /// Linear memory, in MiB.
    pub memory_mib: u32,
    /// Elements of all tables.
    pub table_elements: u32,
    /// WebAssembly stack, in KiB.
    pub stack_kib: u32,
    /// Text that a clone may return, in KiB.
    pub output_kib: u32,
    /// Records that a clone may return.
    pub records: u32,
    /// Log text of one call, in KiB.
    pub log_kib: u32,
    /// Log lines of one call.
    pub log_lines: u32,
    /// Size of a component's file, in MiB.
    pub component_mib: u32,
    /// Wall time of compiling a component, in milliseconds.
    pub compile_ms: u32,
    /// Memory of compiling a component, in MiB.
    pub compile_memory_mib: u32,
}

/// The most that one call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall time of the whole call chain: instantiation, prepare and clone, or a trigger.
    pub timeout: Duration,
    /// What of it is over before the call begins: its wait for a thread.
    pub waited: Duration,
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

/// The most that a component may be, and that compiling it may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileLimits {
    /// The size of its file, in bytes.
    pub size_bytes: u64,
    /// Wall time of compiling it, from the start of the process that does so.
    pub time: Duration,
    /// Address space of that process, in bytes: all memory that it has, its own program included.
    pub memory_bytes: u64,
}

impl CompileLimits {
    /// What the component of `domain` may be: its own limits over the catalog's over the host's.
    #[must_use]
    pub fn of(domain: &Domain, catalog: &LimitOverrides, host: &SandboxLimits) -> Self {
        let set = |of: fn(&LimitOverrides) -> Option<u32>, host: u32| {
            u64::from(of(&domain.limits).or(of(catalog)).unwrap_or(host))
        };
        Self {
            size_bytes: set(|over| over.component_mib, host.component_mib) << 20,
            time: Duration::from_millis(set(|over| over.compile_ms, host.compile_ms)),
            memory_bytes: set(|over| over.compile_memory_mib, host.compile_memory_mib) << 20,
        }
    }
}

impl Limits {
    /// What a call of `domain` may use: its own limits over the catalog's over the host's.
    #[must_use]
    pub fn of(domain: &Domain, catalog: &LimitOverrides, host: &SandboxLimits) -> Self {
        let own = &domain.limits;
        let set = |of: fn(&LimitOverrides) -> Option<u32>, host: u32| {
            of(own).or(of(catalog)).unwrap_or(host)
        };
        Self {
            timeout: domain.timeout,
            waited: Duration::ZERO,
            memory_bytes: (set(|over| over.memory_mib, host.memory_mib) as usize) << 20,
            table_elements: set(|over| over.table_elements, host.table_elements) as usize,
            output_bytes: (set(|over| over.output_kib, host.output_kib) as usize) << 10,
            records: set(|over| over.records, host.records),
            log_bytes: (set(|over| over.log_kib, host.log_kib) as usize) << 10,
            log_lines: set(|over| over.log_lines, host.log_lines),
        }
    }

    /// The wall time that is left of the call's own.
    #[must_use]
    pub const fn left(&self) -> Duration {
        self.timeout.saturating_sub(self.waited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_limits_override_catalog_and_host() {
        let host = SandboxLimits {
            memory_mib: 128,
            table_elements: 1,
            stack_kib: 1,
            output_kib: 7,
            records: 1,
            log_kib: 1,
            log_lines: 500,
            component_mib: 32,
            compile_ms: 60_000,
            compile_memory_mib: 2048,
        };
        let catalog = LimitOverrides {
            memory_mib: Some(64),
            records: Some(10),
            compile_ms: Some(5000),
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
                log_lines: Some(7),
                component_mib: Some(2),
                ..Default::default()
            },
        };
        let limits = Limits::of(&domain, &catalog, &host);
        assert_eq!(limits.memory_bytes, 16 << 20);
        assert_eq!(limits.records, 10);
        assert_eq!(limits.timeout, Duration::from_secs(3));
        assert_eq!(limits.output_bytes, 7 << 10);
        assert_eq!(limits.log_lines, 7);
        let component = CompileLimits::of(&domain, &catalog, &host);
        assert_eq!(component.size_bytes, 2 << 20);
        assert_eq!(component.time, Duration::from_secs(5));
        assert_eq!(component.memory_bytes, 2048 << 20);
    }
}
