//! How many places the engine reserves, and how large each is.

use std::collections::BTreeSet;

use levain_catalog::Catalog;

use super::limits::{Limits, SandboxLimits};

/// How the sandbox is laid out; fixed when the host starts.
#[derive(Debug, Clone, Copy)]
pub struct SandboxConfig {
    /// Calls that run at once, each on a thread of its own.
    pub workers: usize,
    /// The largest memory limit of any domain, in bytes: what a pool slot must be able to hold.
    pub largest_memory_bytes: usize,
    /// The largest table limit of any domain, in elements.
    pub largest_table_elements: usize,
    /// The stack of a guest, in bytes.
    pub stack_bytes: usize,
    /// What instances are made from, at most: components, and prepared images of them. A place that is kept for
    /// each costs addresses, and what it keeps resident once it was used; remapping a place costs a call more.
    /// On a machine of many processors the places are divided among them, and a call may find none of its kind.
    pub origins: usize,
}

impl SandboxConfig {
    /// Room for every domain of a catalog under the host's limits.
    #[must_use]
    pub fn for_catalog(catalog: &Catalog, limits: &SandboxLimits, workers: usize) -> Self {
        let overrides = catalog.limits();
        let each = || {
            catalog
                .domains()
                .iter()
                .filter(|domain| !domain.triggered)
                .map(|domain| Limits::of(domain, &overrides, limits))
        };
        // Of tenants that have the same slice there is one image.
        let slices: BTreeSet<&str> = catalog
            .accounts()
            .flat_map(|account| account.all_slices())
            .flat_map(|slices| slices.values())
            .map(|slice| slice.digest.as_str())
            .collect();
        Self {
            workers,
            largest_memory_bytes: each()
                .map(|limits| limits.memory_bytes)
                .max()
                .unwrap_or(1 << 20),
            largest_table_elements: each()
                .map(|limits| limits.table_elements)
                .max()
                .unwrap_or(1),
            stack_bytes: (limits.stack_kib as usize) << 10,
            origins: each().count() + slices.len(),
        }
    }
}
