//! The procurement domain: purchase orders, plans and deliveries.

mod delivery;
mod plan;
mod purchase_order;

use levain_plugin::{Fixture, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext};

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

levain_plugin::export!(Procurement);
