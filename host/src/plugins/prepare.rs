//! The prepared images of a plugin: one per fixture slice of its domain.

use std::sync::Arc;

use crate::sandbox::{
    CompileLimits, Compiled, Limits, Preparation, Sandbox, SandboxLimits, Source,
};
use levain_catalog::{Account, Catalog, Domain};
use levain_model::fault::shortened;

/// The most bytes of why a slice has no image, which repeats the component's own names.
const REASON: usize = 1_000;

/// Makes the images of a component, or takes them from the cache, for every slice that an account or an outlet
/// of the catalog has of the domain. `wasm` is what the component was compiled from, `limits` are the host's. Blocks
/// about as long as the compilation of the component.
///
/// A slice without an image is logged; its sessions only take longer.
pub fn prepare(
    sandbox: &Sandbox,
    component: &Compiled,
    wasm: &[u8],
    domain: &Domain,
    catalog: &Catalog,
    limits: &SandboxLimits,
) -> Preparation {
    let slices = catalog
        .accounts()
        .flat_map(Account::all_slices)
        .filter_map(|slices| slices.get(&domain.slug))
        .map(Arc::as_ref);
    let source = Source {
        wasm,
        domain: &domain.slug,
        calling: Limits::of(domain, &catalog.limits(), limits),
        compiling: CompileLimits::of(domain, &catalog.limits(), limits),
    };
    let preparation = sandbox.prepare_images(component, &source, slices);
    if let Some((_, reason)) = preparation.without.first() {
        let slices = preparation.without.len();
        tracing::warn!(
            domain = %domain.slug,
            slices,
            reason = shortened(reason, REASON),
            "no prepared image: every clone of them prepares by itself"
        );
    }
    preparation
}
