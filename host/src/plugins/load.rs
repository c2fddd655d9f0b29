//! Fills the registry from a directory: one component per domain of the catalog.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::admission::{self, Refusal};
use super::{Plugin, Refused, Registry};
use crate::catalog::{Catalog, Domain};
use crate::sandbox::Sandbox;
use crate::segment::sha256_hex;

/// Reads, compiles and admits the component of every domain that has one; what is refused is kept
/// with its reason, and the others are unaffected. A file of more than `largest_bytes` is not read.
/// Blocks for the time of the compilation.
#[must_use]
pub fn load(
    sandbox: &Sandbox,
    directory: &Path,
    catalog: &Catalog,
    largest_bytes: u64,
) -> Registry {
    let mut registry = Registry::default();
    for domain in catalog.domains() {
        // The records of a triggered domain are made by the plugins of others.
        let Some(plugin) = &domain.plugin else {
            continue;
        };
        let file = directory.join(format!("{plugin}.wasm"));
        let triggers: Vec<&str> = catalog
            .triggers()
            .iter()
            .filter(|trigger| trigger.domain == domain.slug)
            .map(|trigger| trigger.slug.as_str())
            .collect();
        match load_one(sandbox, &file, domain, &triggers, largest_bytes) {
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
    }
    registry
}

fn load_one(
    sandbox: &Sandbox,
    file: &Path,
    domain: &Domain,
    triggers: &[&str],
    largest_bytes: u64,
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
    Ok(Plugin {
        domain: domain.slug.clone(),
        digest: sha256_hex(&bytes),
        size_bytes,
        component,
    })
}
