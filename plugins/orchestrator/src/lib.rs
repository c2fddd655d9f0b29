//! The orchestrator domain: the nightly planning runs and what they decided.

mod planning;

use levain_plugin::{Fixture, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext};

use crate::planning::{PlanningAction, PlanningRun};

/// The domain's prepared fixtures.
pub struct Orchestrator {
    ids: Ids,
    runs: Rows<PlanningRun>,
    actions: Rows<PlanningAction>,
}

impl Plugin for Orchestrator {
    const ENTITIES: &'static [&'static str] = &[PlanningRun::ENTITY, PlanningAction::ENTITY];

    fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
        let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
        Ok(Self {
            runs: fixture.rows()?,
            actions: fixture.rows()?,
            ids: fixture.into_ids(),
        })
    }

    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
        Ok(self
            .ids
            .cloning(ctx)?
            .with(&self.runs)
            .with(&self.actions)
            .finish())
    }
}

levain_plugin::export!(Orchestrator);
