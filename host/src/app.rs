//! Stub: written next.

use std::path::Path;

use serde::Serialize;

use crate::config::Config;
use crate::fault::Fault;

/// What a check of the catalog found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogReport {
    /// The catalog's name.
    pub name: String,
    /// The digest over everything read; empty where there are faults.
    pub digest: String,
    /// The domains that could be read, in the catalog's order.
    pub domains: Vec<DomainReport>,
    /// The slugs of the accounts that could be read.
    pub accounts: Vec<String>,
    /// Everything that is wrong.
    pub faults: Vec<Fault>,
}

/// What a check of the catalog found of one domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DomainReport {
    /// The domain's slug.
    pub domain: String,
    /// Whether a session fails without it.
    pub required: bool,
    /// How many entities it owns.
    pub entities: usize,
    /// Fixture records of all accounts.
    pub records: usize,
    /// The digest of its component; `None` where components were not checked, or it is faulty.
    pub component: Option<String>,
}

/// Serves until it is told to stop.
///
/// # Errors
/// [`crate::fault::Faults`] where the catalog or a component is faulty.
pub fn serve(_config: Config) -> anyhow::Result<()> {
    anyhow::bail!("serving is not wired yet")
}

/// Checks a catalog, and the components where their directory is given.
///
/// # Errors
/// Where the catalog's file cannot be read; faults are part of the report.
pub fn check_catalog(_catalog: &Path, _plugins: Option<&Path>) -> anyhow::Result<CatalogReport> {
    anyhow::bail!("checking is not wired yet")
}
