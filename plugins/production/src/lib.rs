//! The production domain: equipment, quality templates, batches, their checks, schedules and capacity.

mod alerts;
mod batch;
mod equipment;
mod figures;
mod insights;
mod plan;
mod quality;

use levain_plugin::{
    Fixture, Held, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext, Triggers,
};

use crate::batch::Batch;
use crate::equipment::Equipment;
use crate::plan::{ProductionCapacity, ProductionSchedule};
use crate::quality::{QualityCheck, QualityCheckTemplate};

/// The domain's prepared fixtures.
pub struct Production {
    ids: Ids,
    equipment: Rows<Equipment>,
    templates: Rows<QualityCheckTemplate>,
    batches: Rows<Batch>,
    checks: Rows<QualityCheck>,
    schedules: Rows<ProductionSchedule>,
    capacity: Rows<ProductionCapacity>,
}

impl Plugin for Production {
    const ENTITIES: &'static [&'static str] = &[
        Equipment::ENTITY,
        QualityCheckTemplate::ENTITY,
        Batch::ENTITY,
        QualityCheck::ENTITY,
        ProductionSchedule::ENTITY,
        ProductionCapacity::ENTITY,
    ];

    fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
        let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
        Ok(Self {
            equipment: fixture.rows()?,
            templates: fixture.rows()?,
            batches: fixture.rows()?,
            checks: fixture.rows()?,
            schedules: fixture.rows()?,
            capacity: fixture.rows()?,
            ids: fixture.into_ids(),
        })
    }

    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
        Ok(self
            .ids
            .cloning(ctx)?
            .with(&self.equipment)
            .with(&self.templates)
            .with(&self.batches)
            .with(&self.checks)
            .with(&self.schedules)
            .with(&self.capacity)
            .finish())
    }
}

impl Triggers for Production {
    fn alerts(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        match trigger {
            "production-alerts" => alerts::raise(ctx, held),
            other => Err(PluginError::no_trigger("alerts", other)),
        }
    }

    fn insights(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        match trigger {
            "yield-insights" => insights::yields(ctx, held),
            other => Err(PluginError::no_trigger("insights", other)),
        }
    }

    fn kpis(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        match trigger {
            "production-figures" => figures::production(ctx, held),
            other => Err(PluginError::no_trigger("kpis", other)),
        }
    }
}

levain_plugin::export!(Production, triggers);
