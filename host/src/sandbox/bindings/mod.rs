//! One module per generation of the contract, each adapted once to the host's own types.

pub(super) mod v0_1;

use wasmtime::Store;
use wasmtime::component::Instance;

use super::component::{Compiled, Generation};
use super::store::State;
use super::{CallContext, CleanupPlan, HeldSegment};
use levain_model::Phase;
use levain_model::{EntityCount, Segment};

/// A call that gave no value: the engine's error, or the guest's own.
pub(super) enum Failure {
    Engine(wasmtime::Error),
    Guest(GuestError),
}

/// The guest's own error, as the newest generation can tell it.
pub(super) enum GuestError {
    InvalidFixture {
        entity: String,
        record: Option<String>,
        reason: String,
    },
    Unsupported(String),
    Failed(String),
    Other(String),
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Self {
        Self::Engine(error)
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
    component: &Compiled,
    store: &mut Store<State>,
    slice: &[Segment],
    context: &CallContext,
) -> Result<Vec<Segment>, Failure> {
    match &component.linked.plugin {
        Generation::V0_1(plugin) => v0_1::clone_tenant(plugin, store, slice, context),
    }
}

pub(super) fn plan_cleanup(
    component: &Compiled,
    store: &mut Store<State>,
    context: &CallContext,
    held: &[EntityCount],
) -> Result<CleanupPlan, Failure> {
    match &component.linked.plugin {
        Generation::V0_1(plugin) => v0_1::plan_cleanup(plugin, store, context, held),
    }
}

pub(super) fn run_trigger(
    component: &Compiled,
    store: &mut Store<State>,
    phase: Phase,
    trigger: &str,
    context: &CallContext,
    held: &[HeldSegment<'_>],
) -> Result<Vec<Segment>, Failure> {
    match &component.linked.plugin {
        Generation::V0_1(plugin) => v0_1::run_trigger(plugin, store, phase, trigger, context, held),
    }
}
