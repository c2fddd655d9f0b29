//! What a plugin exports that raises something after cloning.

use wasmtime::Store;

use super::{Plugin, Told, guest_error, returned, types};
use crate::sandbox::bindings::{Failure, GuestError};
use crate::sandbox::call::{CallContext, HeldSegment};
use crate::sandbox::state::State;
use levain_model::{Phase, Segment};

pub(in crate::sandbox::bindings) fn run_trigger(
    plugin: &Plugin,
    store: &mut Store<State>,
    phase: Phase,
    trigger: &str,
    context: &CallContext,
    held: &[HeldSegment<'_>],
) -> Result<Vec<Segment>, Failure> {
    let Some(exported) = &plugin.triggers else {
        let reason = "it does not export `levain:domain/triggers`".to_owned();
        return Err(Failure::Guest(GuestError::Unsupported(reason)));
    };
    let instance = plugin.instance.instantiate(&mut *store)?;
    let triggers = exported.load(&mut *store, &instance)?;
    let tenants: Vec<String> = held
        .iter()
        .map(|segment| segment.tenant_id.to_string())
        .collect();
    let held: Vec<types::HeldSegment<'_>> = held
        .iter()
        .zip(&tenants)
        .map(|(segment, tenant_id)| types::HeldSegment {
            tenant_id,
            domain: segment.domain,
            entity: segment.entity,
            rows: &segment.rows,
        })
        .collect();
    let told = Told::new(context);
    let context = told.as_guest();
    let segments = match phase {
        Phase::Alerts => triggers.call_alerts(&mut *store, context, trigger, &held)?,
        Phase::Insights => triggers.call_insights(&mut *store, context, trigger, &held)?,
        Phase::Kpis => triggers.call_kpis(&mut *store, context, trigger, &held)?,
    };
    Ok(returned(segments.map_err(guest_error)?))
}
