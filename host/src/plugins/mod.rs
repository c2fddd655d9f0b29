//! Owns versions of plugins: which component serves which domain, and whether it may.
//!
//! Never: running sessions.

mod admission;
mod load;
mod prepare;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use admission::{Refusal, admit};
pub use load::load;
pub use prepare::prepare;

use crate::sandbox::{Compiled, Preparation};

/// A version of a domain's plugin, admitted and compiled.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// The domain that it serves.
    pub domain: String,
    /// The SHA-256 of the component, in lower-case hexadecimal: the version's name.
    pub digest: String,
    /// The component's size in bytes.
    pub size_bytes: u64,
    /// The compiled component.
    pub component: Compiled,
    /// What became of its prepared images when it was loaded.
    pub preparation: Preparation,
}

/// Which version serves each domain.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    active: BTreeMap<String, Arc<Plugin>>,
    refused: BTreeMap<String, Refused>,
}

/// A component that does not serve its domain, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("plugin `{plugin}` for domain `{domain}` ({}): {refusal}", file.display())]
pub struct Refused {
    /// The domain.
    pub domain: String,
    /// The plugin's name in the catalog.
    pub plugin: String,
    /// The file that was looked at.
    pub file: PathBuf,
    /// Why.
    pub refusal: Refusal,
}

impl Registry {
    /// The version that serves a domain.
    #[must_use]
    pub fn active(&self, domain: &str) -> Option<&Arc<Plugin>> {
        self.active.get(domain)
    }

    /// All versions that serve, in the domains' alphabetical order.
    pub fn all_active(&self) -> impl Iterator<Item = &Arc<Plugin>> {
        self.active.values()
    }

    /// Why a domain has none.
    #[must_use]
    pub fn refused(&self, domain: &str) -> Option<&Refused> {
        self.refused.get(domain)
    }

    /// Every refusal.
    pub fn all_refused(&self) -> impl Iterator<Item = &Refused> {
        self.refused.values()
    }
}
