//! Brings components in: reads, compiles and admits them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::admission::{self, Refusal};
use super::{Plugin, Refused, Registry};
use crate::catalog::{Catalog, Domain};
use crate::config::SandboxLimits;
use crate::sandbox::{CompileLimits, Sandbox, refuse_large};
use crate::segment::sha256_hex;

/// What brings components in.
#[derive(Clone)]
pub struct Loader {
    /// Where they are compiled.
    pub sandbox: Sandbox,
    /// What they are to answer.
    pub catalog: Arc<Catalog>,
    /// What compiling one may cost, where the catalog says nothing else.
    pub limits: SandboxLimits,
}

/// Reads, compiles and admits the component of every domain that has one; what is refused is kept
/// with its reason, and the others are unaffected. A file that is larger than it may be is not read.
/// Blocks for the time of the compilation.
#[must_use]
pub fn load(
    sandbox: &Sandbox,
    directory: &Path,
    catalog: &Arc<Catalog>,
    limits: &SandboxLimits,
) -> Registry {
    let loader = Loader {
        sandbox: sandbox.clone(),
        catalog: Arc::clone(catalog),
        limits: *limits,
    };
    let mut registry = Registry::default();
    for (domain, name) in served(catalog) {
        let file = file_of(directory, name);
        let loaded = loader
            .read(domain, &file)
            .and_then(|bytes| loader.admit(domain, &bytes));
        match loaded {
            Ok(plugin) => registry.put(Arc::new(plugin)),
            Err(refusal) => registry.refuse(Refused {
                domain: domain.slug.clone(),
                plugin: name.to_owned(),
                origin: file.display().to_string(),
                refusal,
            }),
        }
    }
    registry
}

/// The domains that a plugin serves, with its name: the records of a triggered domain are made by the
/// plugins of others.
pub(super) fn served(catalog: &Catalog) -> impl Iterator<Item = (&Domain, &str)> {
    catalog
        .domains()
        .iter()
        .filter_map(|domain| Some((domain, domain.plugin.as_deref()?)))
}

/// Where a directory of components has the one of this name.
pub(super) fn file_of(directory: &Path, plugin: &str) -> PathBuf {
    directory.join(format!("{plugin}.wasm"))
}

impl Loader {
    /// Reads a component's file; one that is larger than it may be is not read.
    ///
    /// # Errors
    /// [`Refusal::Missing`], [`Refusal::Unreadable`], [`Refusal::Compile`] for its size.
    pub fn read(&self, domain: &Domain, file: &Path) -> Result<Vec<u8>, Refusal> {
        let unreadable = |error: io::Error| Refusal::Unreadable {
            reason: error.to_string(),
        };
        let opened = match File::open(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Refusal::Missing),
            opened => opened.map_err(unreadable)?,
        };
        let limits = self.limits_of(domain);
        let size = opened.metadata().map_err(unreadable)?.len();
        refuse_large(size, &limits).map_err(Refusal::Compile)?;
        let mut bytes = Vec::new();
        // Whatever is being written to it: no more is read than would be refused for its size.
        let most = limits.size_bytes.saturating_add(1);
        opened
            .take(most)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        Ok(bytes)
    }

    /// Compiles a component, and decides whether it may serve a domain. Blocks for the time of the
    /// compilation.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn admit(&self, domain: &Domain, bytes: &[u8]) -> Result<Plugin, Refusal> {
        let triggers: Vec<&str> = self
            .catalog
            .triggers()
            .iter()
            .filter(|trigger| trigger.domain == domain.slug)
            .map(|trigger| trigger.slug.as_str())
            .collect();
        let component = self
            .sandbox
            .compile(bytes, &self.limits_of(domain))
            .map_err(admission::refuse)?;
        admission::admit(component.shape(), &triggers)?;
        Ok(Plugin {
            domain: domain.slug.clone(),
            digest: sha256_hex(bytes),
            size_bytes: bytes.len() as u64,
            component,
        })
    }

    fn limits_of(&self, domain: &Domain) -> CompileLimits {
        CompileLimits::of(domain, &self.catalog.limits(), &self.limits)
    }
}
