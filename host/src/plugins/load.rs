//! Brings components in: reads, compiles and admits them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::admission::{self, Refusal};
use super::{Plugin, Refused, Registry, prepare};
use crate::sandbox::{CompileLimits, Preparation, Sandbox, SandboxLimits, refuse_large};
use levain_catalog::{Catalog, Domain};
use levain_model::sha256_hex;

/// What brings components in.
#[derive(Clone)]
pub struct Loader {
    /// Where they are compiled.
    pub sandbox: Sandbox,
    /// The catalog that they serve.
    pub catalog: Arc<Catalog>,
    /// What compiling and calling one may cost, where the catalog says nothing else.
    pub limits: SandboxLimits,
    /// Whether it gets its prepared images as well.
    pub images: bool,
}

/// Reads, compiles and admits the component of every domain that has one; what is refused is kept
/// with its reason, and the others are unaffected. A file that is larger than it may be is not read.
/// Several are worked on at once; blocks until all are done.
#[must_use]
pub fn load(
    sandbox: &Sandbox,
    directory: &Path,
    catalog: &Arc<Catalog>,
    limits: &SandboxLimits,
    images: bool,
) -> Registry {
    let loader = Loader {
        sandbox: sandbox.clone(),
        catalog: Arc::clone(catalog),
        limits: *limits,
        images,
    };
    // Most plugins are made with the same kit, and so have functions in common.
    let _shared = sandbox.share_functions();
    let registry = Mutex::new(Registry::default());
    in_parallel(served(catalog), |(domain, name)| {
        let file = file_of(directory, name);
        let loaded = loader
            .read(domain, &file)
            .and_then(|bytes| loader.admit(domain, &bytes));
        let mut registry = registry.lock().unwrap_or_else(PoisonError::into_inner);
        match loaded {
            Ok(plugin) => registry.put(Arc::new(plugin)),
            Err(refusal) => registry.refuse(Refused {
                domain: domain.slug.clone(),
                plugin: name.to_owned(),
                origin: file.display().to_string(),
                refusal,
            }),
        }
    });
    registry
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Does the work for each item, as many at once as there are processors.
fn in_parallel<T: Send>(items: impl Iterator<Item = T> + Send, work: impl Fn(T) + Sync) {
    let items = Mutex::new(items);
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(item) = next() {
                    work(item);
                }
            });
        }
    });
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
        // The file may still grow: reading stops where its size would be refused.
        let most = limits.size_bytes.saturating_add(1);
        opened
            .take(most)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        Ok(bytes)
    }

    /// Compiles a component, decides whether it may serve a domain, and makes its prepared images. Blocks for
    /// the time of the compilation.
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
        let preparation = match self.images {
            true => prepare(
                &self.sandbox,
                &component,
                bytes,
                domain,
                &self.catalog,
                &self.limits,
            ),
            false => Preparation::default(),
        };
        Ok(Plugin {
            domain: domain.slug.clone(),
            digest: sha256_hex(bytes),
            size_bytes: bytes.len() as u64,
            component,
            preparation,
        })
    }

    fn limits_of(&self, domain: &Domain) -> CompileLimits {
        CompileLimits::of(domain, &self.catalog.limits(), &self.limits)
    }
}
