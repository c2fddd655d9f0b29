//! The procurement domain: purchase orders, plans and deliveries.

mod alerts;
mod delivery;
mod figures;
mod insights;
mod plan;
mod purchase_order;

use levain_plugin::{
    Fixture, Held, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext, Triggers,
};

use crate::delivery::Delivery;
use crate::plan::{ProcurementPlan, ProcurementRequirement};
use crate::purchase_order::{PurchaseOrder, PurchaseOrderItem};

/// The domain's prepared fixtures.
pub struct Procurement {
    ids: Ids,
    plans: Rows<ProcurementPlan>,
    orders: Rows<PurchaseOrder>,
    items: Rows<PurchaseOrderItem>,
    requirements: Rows<ProcurementRequirement>,
    deliveries: Rows<Delivery>,
}

impl Plugin for Procurement {
    const ENTITIES: &'static [&'static str] = &[
        ProcurementPlan::ENTITY,
        PurchaseOrder::ENTITY,
        PurchaseOrderItem::ENTITY,
        ProcurementRequirement::ENTITY,
        Delivery::ENTITY,
    ];

    fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
        let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
        Ok(Self {
            plans: fixture.rows()?,
            orders: fixture.rows()?,
            items: fixture.rows()?,
            requirements: fixture.rows()?,
            deliveries: fixture.rows()?,
            ids: fixture.into_ids(),
        })
    }

    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
        Ok(self
            .ids
            .cloning(ctx)?
            .with(&self.plans)
            .with(&self.orders)
            .with(&self.items)
            .with(&self.requirements)
            .with(&self.deliveries)
            .finish())
    }
}

impl Triggers for Procurement {
    fn alerts(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        match trigger {
            "delivery-tracking" => alerts::raise(ctx, held),
            other => Err(PluginError::no_trigger("alerts", other)),
        }
    }

    fn insights(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        match trigger {
            "price-insights" => insights::prices(ctx, held),
            other => Err(PluginError::no_trigger("insights", other)),
        }
    }

    fn kpis(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        match trigger {
            "saving-figures" => figures::saving(ctx, held),
            other => Err(PluginError::no_trigger("kpis", other)),
        }
    }
}

levain_plugin::export!(Procurement, triggers);
