//! Fills the registry from a directory: one component per domain of the catalog.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use super::admission::{self, Refusal};
use super::{Plugin, Refused, Registry};
use crate::catalog::{Catalog, Domain};
use crate::config::SandboxLimits;
use crate::sandbox::{CompileLimits, Sandbox, refuse_large};
use crate::segment::sha256_hex;

/// Reads, compiles and admits the component of every domain that has one; what is refused is kept
/// with its reason, and the others are unaffected. A file that is larger than it may be is not read.
/// Blocks for the time of the compilation.
#[must_use]
pub fn load(
    sandbox: &Sandbox,
    directory: &Path,
    catalog: &Catalog,
    host: &SandboxLimits,
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
        let limits = CompileLimits::of(domain, &catalog.limits(), host);
        match load_one(sandbox, &file, domain, &triggers, &limits) {
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
    limits: &CompileLimits,
) -> Result<Plugin, Refusal> {
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Refusal::Missing),
        Err(error) => {
            return Err(Refusal::Unreadable {
                reason: error.to_string(),
            });
        }
    };
    let unreadable = |error: io::Error| Refusal::Unreadable {
        reason: error.to_string(),
    };
    let size = opened.metadata().map_err(unreadable)?.len();
    refuse_large(size, limits).map_err(Refusal::Compile)?;
    let mut bytes = Vec::new();
    // Whatever is being written to it: no more is read than would be refused for its size.
    let most = limits.size_bytes.saturating_add(1);
    opened
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    let component = sandbox.compile(&bytes, limits).map_err(admission::refuse)?;
    admission::admit(component.shape(), triggers)?;
    Ok(Plugin {
        domain: domain.slug.clone(),
        digest: sha256_hex(&bytes),
        size_bytes: bytes.len() as u64,
        component,
    })
}
