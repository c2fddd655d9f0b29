//! Generation 0.1: `levain:domain@0.1.0`.

use wasmtime::Store;

use super::{CallContext, CleanupPlan, Failure, GuestError};
use crate::fault::shortened;
use crate::sandbox::store::State;
use crate::segment;

/// The most of a sentence of a guest that is kept, in characters.
const SENTENCE: usize = 500;
/// The most notices of a cleanup plan that are kept.
const NOTICES: usize = 20;

mod generated {
    wasmtime::component::bindgen!({ path: "../wit", world: "plugin" });
}

use generated::exports::levain::domain::lifecycle as guest;
use generated::levain::domain::{host, types};

pub(in crate::sandbox) use generated::PluginPre;
pub(in crate::sandbox) use host::add_to_linker;

impl types::Host for State {}

impl host::Host for State {
    fn log(&mut self, level: types::Level, message: String) {
        let level = match level {
            types::Level::Error => tracing::Level::ERROR,
            types::Level::Warn => tracing::Level::WARN,
            types::Level::Info => tracing::Level::INFO,
            types::Level::Debug => tracing::Level::DEBUG,
            types::Level::Trace => tracing::Level::TRACE,
        };
        State::log(self, level, &message);
    }
}

pub(super) fn clone_tenant(
    plugin: &PluginPre<State>,
    store: &mut Store<State>,
    slice: &[segment::Segment],
    context: &CallContext,
) -> Result<Vec<segment::Segment>, Failure> {
    let instance = plugin.instantiate(&mut *store)?;
    let lifecycle = instance.levain_domain_lifecycle();
    let slice: Vec<types::Segment> = slice
        .iter()
        .map(|segment| types::Segment {
            entity: segment.entity.clone(),
            rows: segment.rows.clone(),
        })
        .collect();
    lifecycle
        .call_prepare(&mut *store, &slice)?
        .map_err(guest_error)?;
    let segments = lifecycle
        .call_clone(&mut *store, &told(context))?
        .map_err(guest_error)?;
    Ok(segments
        .into_iter()
        .map(|segment| segment::Segment {
            entity: segment.entity,
            rows: segment.rows,
        })
        .collect())
}

pub(super) fn plan_cleanup(
    plugin: &PluginPre<State>,
    store: &mut Store<State>,
    context: &CallContext,
    held: &[segment::EntityCount],
) -> Result<CleanupPlan, Failure> {
    let instance = plugin.instantiate(&mut *store)?;
    let held: Vec<types::EntityCount> = held
        .iter()
        .map(|count| types::EntityCount {
            entity: count.entity.clone(),
            records: count.records,
        })
        .collect();
    let plan = instance
        .levain_domain_lifecycle()
        .call_cleanup(&mut *store, &told(context), &held)?
        .map_err(guest_error)?;
    Ok(CleanupPlan {
        deletions: plan
            .deletions
            .into_iter()
            .map(|count| segment::EntityCount {
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

fn told(context: &CallContext) -> guest::SessionContext {
    guest::SessionContext {
        session_id: context.session_id.clone(),
        account_type: context.account.clone(),
        base_tenant_id: context.base_tenant_id.to_string(),
        tenant_id: context.tenant_id.to_string(),
        parent_tenant_id: context.parent_tenant_id.map(|id| id.to_string()),
        outlet: context.outlet.clone(),
        session_created_at: context.session_created_at.timestamp_micros(),
        base_reference: context.base_reference.timestamp_micros(),
    }
}

fn guest_error(error: types::PluginError) -> Failure {
    let short = |text: String| shortened(&text, SENTENCE);
    Failure::Guest(match error {
        types::PluginError::InvalidFixture(fault) => GuestError::InvalidFixture {
            entity: short(fault.entity),
            record: fault.record.map(short),
            reason: short(fault.reason),
        },
        types::PluginError::Unsupported(reason) => GuestError::Unsupported(short(reason)),
        types::PluginError::Failed(reason) => GuestError::Failed(short(reason)),
        types::PluginError::Other(reason) => GuestError::Other(short(reason)),
    })
}
