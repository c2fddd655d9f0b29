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
    /// Whether only triggers create its records: then it has no plugin and no fixtures, and
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

/// Limits that the catalog sets for a domain; an absent limit is the host's default.
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
    /// Log lines of one call.
    pub log_lines: Option<u32>,
    /// Size of the component's file, in MiB.
    pub component_mib: Option<u32>,
    /// Wall time of compiling the component, in milliseconds.
    pub compile_ms: Option<u32>,
    /// Memory of compiling the component, in MiB.
    pub compile_memory_mib: Option<u32>,
}

impl LimitOverrides {
    /// The names of the limits in the catalog.
    pub(super) const KEYS: &[&str] = &[
        "memory_mib",
        "table_elements",
        "output_kib",
        "records",
        "log_kib",
        "log_lines",
        "component_mib",
        "compile_ms",
        "compile_memory_mib",
    ];

    /// The names of the limits that are 0, which no call could keep.
    pub(super) fn zeros(&self) -> impl Iterator<Item = &'static str> {
        let values = [
            self.memory_mib,
            self.table_elements,
            self.output_kib,
            self.records,
            self.log_kib,
            self.log_lines,
            self.component_mib,
            self.compile_ms,
            self.compile_memory_mib,
        ];
        let named = Self::KEYS.iter().copied().zip(values);
        named.filter_map(|(key, value)| (value == Some(0)).then_some(key))
    }
}
