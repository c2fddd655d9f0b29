//! Fills the registry from a directory: one component per domain of the catalog.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::admission::{self, Refusal};
use super::{Plugin, Refused, Registry, prepare};
use crate::catalog::{Catalog, Domain};
use crate::config::SandboxLimits;
use crate::sandbox::{Preparation, Sandbox};
use crate::segment::sha256_hex;

/// Reads, compiles and admits the component of every domain that has one; what is refused is kept
/// with its reason, and the others are unaffected. A file of more than `largest_bytes` is not read.
/// With `images`, the host's limits, each gets its prepared images as well. Several are worked on at
/// once; blocks until all are done.
#[must_use]
pub fn load(
    sandbox: &Sandbox,
    directory: &Path,
    catalog: &Catalog,
    largest_bytes: u64,
    images: Option<&SandboxLimits>,
) -> Registry {
    // Most plugins are made with the same kit, and so have functions in common.
    let _shared = sandbox.share_functions();
    let registry = Mutex::new(Registry::default());
    // The records of a triggered domain are made by the plugins of others.
    let domains = catalog
        .domains()
        .iter()
        .filter_map(|domain| Some((domain, domain.plugin.as_ref()?)));
    in_parallel(domains, |(domain, plugin)| {
        let file = directory.join(format!("{plugin}.wasm"));
        let triggers: Vec<&str> = catalog
            .triggers()
            .iter()
            .filter(|trigger| trigger.domain == domain.slug)
            .map(|trigger| trigger.slug.as_str())
            .collect();
        let prepare = |plugin: &Plugin, wasm: &[u8]| match images {
            Some(limits) => prepare(sandbox, &plugin.component, wasm, domain, catalog, limits),
            None => Preparation::default(),
        };
        let loaded = load_one(sandbox, &file, domain, &triggers, largest_bytes, prepare);
        let mut registry = registry.lock().unwrap_or_else(PoisonError::into_inner);
        match loaded {
            Ok(plugin) => {
                registry
                    .active
                    .insert(domain.slug.clone(), Arc::new(plugin));
            }
            Err(refusal) => {
                let refused = Refused {
                    domain: domain.slug.clone(),
                    plugin: plugin.clone(),
                    file,
                    refusal,
                };
                registry.refused.insert(domain.slug.clone(), refused);
            }
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

fn load_one(
    sandbox: &Sandbox,
    file: &Path,
    domain: &Domain,
    triggers: &[&str],
    largest_bytes: u64,
    prepare: impl FnOnce(&Plugin, &[u8]) -> Preparation,
) -> Result<Plugin, Refusal> {
    let size_bytes = match fs::metadata(file) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Refusal::Missing),
        Err(error) => {
            return Err(Refusal::Unreadable {
                reason: error.to_string(),
            });
        }
    };
    if size_bytes > largest_bytes {
        return Err(Refusal::TooLarge {
            size: size_bytes,
            allowed: largest_bytes,
        });
    }
    let bytes = fs::read(file).map_err(|error| Refusal::Unreadable {
        reason: error.to_string(),
    })?;
    let component = sandbox.compile(&bytes).map_err(admission::refuse)?;
    admission::admit(component.shape(), triggers)?;
    let mut plugin = Plugin {
        domain: domain.slug.clone(),
        digest: sha256_hex(&bytes),
        size_bytes,
        component,
        preparation: Preparation::default(),
    };
    plugin.preparation = prepare(&plugin, &bytes);
    Ok(plugin)
}
