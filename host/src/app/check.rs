//! Checks a catalog and its components without serving: `levain catalog check`.

use std::path::Path;
use std::sync::Arc;

use levain_catalog::{Account, Catalog, CatalogError};
use levain_model::fault::Fault;
use serde::Serialize;

use super::component_faults;
use crate::config::Sources;
use crate::plugins::{self, Registry};
use crate::sandbox::{Compiler, Sandbox, SandboxConfig, SandboxLimits};

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
    /// Fixture records of all accounts and their outlets.
    pub records: usize,
    /// The digest of its component; `None` where components were not checked, or it is faulty.
    pub component: Option<String>,
}

/// Checks a catalog, and the components where their directory is given.
///
/// # Errors
/// Where the catalog's file cannot be read; faults are part of the report.
pub fn check_catalog(file: &Path, plugins: Option<&Path>) -> anyhow::Result<CatalogReport> {
    let catalog = match Catalog::load(file) {
        Ok(catalog) => Arc::new(catalog),
        Err(CatalogError::Invalid { faults, .. }) => {
            return Ok(CatalogReport {
                name: file.display().to_string(),
                digest: String::new(),
                domains: Vec::new(),
                accounts: Vec::new(),
                faults,
            });
        }
        Err(other) => return Err(other.into()),
    };
    let registry = match plugins {
        Some(directory) => {
            let limits = default_limits()?;
            let sandbox = Sandbox::new(SandboxConfig::for_catalog(&catalog, &limits, 1))?
                .with_compiler(Compiler::this_program()?);
            plugins::load(&sandbox, directory, &catalog, &limits, false)
        }
        None => Registry::default(),
    };
    let domains = catalog
        .domains()
        .iter()
        .map(|domain| DomainReport {
            domain: domain.slug.clone(),
            required: domain.required,
            entities: domain.entities.len(),
            records: catalog
                .accounts()
                .flat_map(Account::all_slices)
                .filter_map(|slices| slices.get(&domain.slug))
                .map(|slice| slice.records)
                .sum(),
            component: registry
                .active(&domain.slug)
                .map(|plugin| plugin.digest.clone()),
        })
        .collect();
    Ok(CatalogReport {
        name: catalog.name().to_owned(),
        digest: catalog.digest().to_owned(),
        domains,
        accounts: catalog
            .accounts()
            .map(|account| account.slug.clone())
            .collect(),
        faults: component_faults(&registry),
    })
}

fn default_limits() -> anyhow::Result<SandboxLimits> {
    Ok(Sources::default().resolve()?.sandbox)
}
