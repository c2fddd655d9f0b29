//! Brings components in: reads, compiles and admits them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::admission::{self, Refusal};
use super::{Plugin, Refused, Registry};
use crate::catalog::{Catalog, Domain};
use crate::sandbox::Sandbox;
use crate::segment::sha256_hex;

/// What brings components in.
#[derive(Clone)]
pub struct Loader {
    /// Where they are compiled.
    pub sandbox: Sandbox,
    /// What they are to answer.
    pub catalog: Arc<Catalog>,
    /// The largest component that is looked at, in bytes.
    pub largest_bytes: u64,
}

/// Reads, compiles and admits the component of every domain that has one; what is refused is kept
/// with its reason, and the others are unaffected. A file of more than `largest_bytes` is not read.
/// Blocks for the time of the compilation.
#[must_use]
pub fn load(
    sandbox: &Sandbox,
    directory: &Path,
    catalog: &Arc<Catalog>,
    largest_bytes: u64,
) -> Registry {
    let loader = Loader {
        sandbox: sandbox.clone(),
        catalog: Arc::clone(catalog),
        largest_bytes,
    };
    let mut registry = Registry::default();
    for (domain, name) in served(catalog) {
        let file = file_of(directory, name);
        let loaded = loader
            .read(&file)
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
    /// Reads a component's file.
    ///
    /// # Errors
    /// [`Refusal::Missing`], [`Refusal::Unreadable`], [`Refusal::TooLarge`].
    pub fn read(&self, file: &Path) -> Result<Vec<u8>, Refusal> {
        let unreadable = |error: std::io::Error| Refusal::Unreadable {
            reason: error.to_string(),
        };
        let size_bytes = match fs::metadata(file) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Refusal::Missing);
            }
            Err(error) => return Err(unreadable(error)),
        };
        self.fits(size_bytes)?;
        fs::read(file).map_err(unreadable)
    }

    /// Compiles a component, and decides whether it may serve a domain. Blocks for the time of the
    /// compilation.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn admit(&self, domain: &Domain, bytes: &[u8]) -> Result<Plugin, Refusal> {
        let size_bytes = bytes.len() as u64;
        self.fits(size_bytes)?;
        let triggers: Vec<&str> = self
            .catalog
            .triggers()
            .iter()
            .filter(|trigger| trigger.domain == domain.slug)
            .map(|trigger| trigger.slug.as_str())
            .collect();
        let component = self.sandbox.compile(bytes).map_err(admission::refuse)?;
        admission::admit(component.shape(), &triggers)?;
        Ok(Plugin {
            domain: domain.slug.clone(),
            digest: sha256_hex(bytes),
            size_bytes,
            component,
        })
    }

    fn fits(&self, size: u64) -> Result<(), Refusal> {
        let allowed = self.largest_bytes;
        match size > allowed {
            true => Err(Refusal::TooLarge { size, allowed }),
            false => Ok(()),
        }
    }
}
