//! Owns versions of plugins: which component serves which domain, in which revision, and whether it may.
//! The revisions are kept in the store, so that every host on it serves the same.
//!
//! Never: running sessions.

mod admission;
mod load;
mod prepare;
mod versions;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use admission::{Refusal, admit};
pub use load::{Loader, load};
pub use prepare::prepare;
pub use versions::{VersionError, Versions};

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

/// Which version serves each domain, in one revision.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    revision: u32,
    active: BTreeMap<String, Arc<Plugin>>,
    refused: BTreeMap<String, Refused>,
}

/// A component that does not serve its domain, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("plugin `{plugin}` for domain `{domain}` ({origin}): {refusal}")]
pub struct Refused {
    /// The domain.
    pub domain: String,
    /// The plugin's name in the catalog.
    pub plugin: String,
    /// The file that was read, or where else it came from.
    pub origin: String,
    /// Why.
    pub refusal: Refusal,
}

impl Registry {
    /// Its number; 0 where it is of no revision, but of what the host was built with.
    #[must_use]
    pub const fn revision(&self) -> u32 {
        self.revision
    }

    /// The same with other versions of some domains.
    #[must_use]
    pub fn with(&self, plugins: impl IntoIterator<Item = Arc<Plugin>>) -> Self {
        let mut changed = self.clone();
        for plugin in plugins {
            changed.put(plugin);
        }
        changed
    }

    fn put(&mut self, plugin: Arc<Plugin>) {
        self.refused.remove(&plugin.domain);
        self.active.insert(plugin.domain.clone(), plugin);
    }

    fn refuse(&mut self, refused: Refused) {
        self.refused.insert(refused.domain.clone(), refused);
    }

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
