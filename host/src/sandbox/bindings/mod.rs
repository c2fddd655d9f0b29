//! One module per generation of the contract, each adapted once to the host's own types.

mod failure;
pub(super) mod v0_1;

use wasmtime::Store;
use wasmtime::component::{Component, Instance, Linker};

use levain_model::{EntityCount, Phase, Segment};

use super::call::{CallContext, CleanupPlan, HeldSegment};
use super::state::State;
pub(super) use failure::{Failure, GuestError};

/// One variant per WIT generation that this host serves.
#[derive(Clone)]
pub(super) enum Generation {
    V0_1(v0_1::Plugin),
}

impl Generation {
    /// Links a component and looks up what it exports, with the triggers where `triggers` says that there are some.
    pub(super) fn link(
        linker: &Linker<State>,
        component: &Component,
        triggers: bool,
    ) -> wasmtime::Result<Self> {
        let instance = linker.instantiate_pre(component)?;
        Ok(Self::V0_1(v0_1::Plugin::new(instance, triggers)?))
    }
}

/// A fresh instance that has prepared the slice.
pub(super) fn prepare(
    plugin: &Generation,
    store: &mut Store<State>,
    slice: &[Segment],
) -> Result<Instance, Failure> {
    match plugin {
        Generation::V0_1(plugin) => v0_1::prepare(plugin, store, slice),
    }
}

/// Clones with a prepared image.
pub(super) fn clone_prepared(
    image: &Generation,
    store: &mut Store<State>,
    context: &CallContext,
) -> Result<Vec<Segment>, Failure> {
    match image {
        Generation::V0_1(plugin) => v0_1::clone_prepared(plugin, store, context),
    }
}

pub(super) fn clone_tenant(
    plugin: &Generation,
    store: &mut Store<State>,
    slice: &[Segment],
    context: &CallContext,
) -> Result<Vec<Segment>, Failure> {
    match plugin {
        Generation::V0_1(plugin) => v0_1::clone_tenant(plugin, store, slice, context),
    }
}

pub(super) fn plan_cleanup(
    plugin: &Generation,
    store: &mut Store<State>,
    context: &CallContext,
    held: &[EntityCount],
) -> Result<CleanupPlan, Failure> {
    match plugin {
        Generation::V0_1(plugin) => v0_1::plan_cleanup(plugin, store, context, held),
    }
}

pub(super) fn run_trigger(
    plugin: &Generation,
    store: &mut Store<State>,
    phase: Phase,
    trigger: &str,
    context: &CallContext,
    held: &[HeldSegment<'_>],
) -> Result<Vec<Segment>, Failure> {
    match plugin {
        Generation::V0_1(plugin) => v0_1::run_trigger(plugin, store, phase, trigger, context, held),
    }
}
