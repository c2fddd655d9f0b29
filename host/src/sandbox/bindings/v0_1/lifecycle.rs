//! What every plugin exports: prepare and clone, cleanup.

use wasmtime::Store;
use wasmtime::component::Instance;

use super::{Plugin, SENTENCE, Told, guest_error, returned, types};
use crate::sandbox::bindings::failure::Failure;
use crate::sandbox::call::{CallContext, CleanupPlan};
use crate::sandbox::state::State;
use levain_model::fault::shortened;

/// The most notices of a cleanup plan that are kept.
const NOTICES: usize = 20;

pub(in crate::sandbox::bindings) fn clone_tenant(
    plugin: &Plugin,
    store: &mut Store<State>,
    slice: &[levain_model::Segment],
    context: &CallContext,
) -> Result<Vec<levain_model::Segment>, Failure> {
    let instance = prepare(plugin, store, slice)?;
    clone_with(plugin, store, &instance, context)
}

/// An instance of an image has prepared its slice already.
pub(in crate::sandbox::bindings) fn clone_prepared(
    plugin: &Plugin,
    store: &mut Store<State>,
    context: &CallContext,
) -> Result<Vec<levain_model::Segment>, Failure> {
    let instance = plugin.instance.instantiate(&mut *store)?;
    clone_with(plugin, store, &instance, context)
}

pub(in crate::sandbox::bindings) fn prepare(
    plugin: &Plugin,
    store: &mut Store<State>,
    slice: &[levain_model::Segment],
) -> Result<Instance, Failure> {
    let instance = plugin.instance.instantiate(&mut *store)?;
    let lifecycle = plugin.lifecycle.load(&mut *store, &instance)?;
    let slice: Vec<types::SegmentParam<'_>> = slice
        .iter()
        .map(|segment| types::SegmentParam {
            entity: &segment.entity,
            rows: &segment.rows,
        })
        .collect();
    lifecycle
        .call_prepare(&mut *store, &slice)?
        .map_err(guest_error)?;
    Ok(instance)
}

fn clone_with(
    plugin: &Plugin,
    store: &mut Store<State>,
    instance: &Instance,
    context: &CallContext,
) -> Result<Vec<levain_model::Segment>, Failure> {
    let lifecycle = plugin.lifecycle.load(&mut *store, instance)?;
    let segments = lifecycle
        .call_clone(&mut *store, Told::new(context).as_guest())?
        .map_err(guest_error)?;
    Ok(returned(segments))
}

pub(in crate::sandbox::bindings) fn plan_cleanup(
    plugin: &Plugin,
    store: &mut Store<State>,
    context: &CallContext,
    held: &[levain_model::EntityCount],
) -> Result<CleanupPlan, Failure> {
    let instance = plugin.instance.instantiate(&mut *store)?;
    let lifecycle = plugin.lifecycle.load(&mut *store, &instance)?;
    let held: Vec<types::EntityCountParam<'_>> = held
        .iter()
        .map(|count| types::EntityCountParam {
            entity: &count.entity,
            records: count.records,
        })
        .collect();
    let plan = lifecycle
        .call_cleanup(&mut *store, Told::new(context).as_guest(), &held)?
        .map_err(guest_error)?;
    Ok(CleanupPlan {
        deletions: plan
            .deletions
            .into_iter()
            .map(|count| levain_model::EntityCount {
                entity: count.entity,
                records: count.records,
            })
            .collect(),
        notices: plan
            .notices
            .iter()
            .take(NOTICES)
            .map(|notice| shortened(notice, SENTENCE))
            .collect(),
    })
}
