//! Generation 0.1: `levain:domain@0.1.0`.

mod lifecycle;
mod triggers;

use wasmtime::component::InstancePre;

use super::failure::{Failure, GuestError};
use crate::sandbox::call::CallContext;
use crate::sandbox::state::State;
use levain_model::fault::shortened;

pub(super) use lifecycle::{clone_prepared, clone_tenant, plan_cleanup, prepare};
pub(super) use triggers::run_trigger;

/// The most of a sentence of a guest that is kept, in characters.
const SENTENCE: usize = 500;

mod generated {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "triggering-plugin",
        // What a guest is given is lowered out of the host's own strings: a slice or what the
        // host holds is megabytes, and a copy of it would be made only to be copied once more.
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}

use generated::exports::levain::domain::lifecycle::GuestIndices as Lifecycle;
use generated::exports::levain::domain::triggers::GuestIndices as Triggers;
use generated::levain::domain::{host, types};

pub(in crate::sandbox) use host::add_to_linker;

/// A component of this generation, linked, its exports looked up. Whether it exports `triggers`
/// is its own choice: worlds are what it is built for, not what it has to fill.
#[derive(Clone)]
pub(in crate::sandbox) struct Plugin {
    instance: InstancePre<State>,
    lifecycle: Lifecycle,
    triggers: Option<Triggers>,
}

impl Plugin {
    /// Looks up the exports, with the triggers where `triggers` says that there are some.
    pub(in crate::sandbox) fn new(
        instance: InstancePre<State>,
        triggers: bool,
    ) -> wasmtime::Result<Self> {
        Ok(Self {
            lifecycle: Lifecycle::new(&instance)?,
            triggers: triggers.then(|| Triggers::new(&instance)).transpose()?,
            instance,
        })
    }

    pub(in crate::sandbox) const fn triggers(&self) -> bool {
        self.triggers.is_some()
    }
}

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

/// A context as this generation spells it: the texts that a [`types::SessionContext`] borrows.
struct Told<'c> {
    context: &'c CallContext,
    base_tenant_id: String,
    tenant_id: String,
    parent_tenant_id: Option<String>,
}

impl<'c> Told<'c> {
    fn new(context: &'c CallContext) -> Self {
        Self {
            context,
            base_tenant_id: context.base_tenant_id.to_string(),
            tenant_id: context.tenant_id.to_string(),
            parent_tenant_id: context.parent_tenant_id.map(|id| id.to_string()),
        }
    }

    fn as_guest(&self) -> types::SessionContext<'_> {
        types::SessionContext {
            session_id: &self.context.session_id,
            account_type: &self.context.account,
            base_tenant_id: &self.base_tenant_id,
            tenant_id: &self.tenant_id,
            parent_tenant_id: self.parent_tenant_id.as_deref(),
            outlet: self.context.outlet.as_deref(),
            session_created_at: self.context.session_created_at.timestamp_micros(),
            base_reference: self.context.base_reference.timestamp_micros(),
        }
    }
}

/// Segments that came back.
fn returned(segments: Vec<types::SegmentResult>) -> Vec<levain_model::Segment> {
    segments
        .into_iter()
        .map(|segment| levain_model::Segment {
            entity: segment.entity,
            rows: segment.rows,
        })
        .collect()
}

fn guest_error(error: types::PluginError) -> Failure {
    let short = |text: String| shortened(text, SENTENCE);
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
