//! Procurement plans, and what each requires.

use levain_plugin::time::{Clock, Micros, Stamp};
use levain_plugin::{Field, Record};
use serde::Deserialize;

/// What is to be bought for a period.
#[derive(Debug, Deserialize)]
pub struct ProcurementPlan {
    plan_date: Stamp,
}

impl Record for ProcurementPlan {
    const ENTITY: &'static str = "procurement_plan";
    const FIELDS: &'static [Field<Self>] = &[
        Field::code("plan_number", "PLAN", Self::planned),
        Field::shifted("plan_date"),
        Field::shifted("period_start"),
        Field::shifted("period_end"),
        Field::id("approved_by"),
        Field::shifted("approved_at"),
        Field::shifted("completed_at"),
        Field::shifted("created_at"),
        Field::shifted("updated_at"),
    ];
}

impl ProcurementPlan {
    fn planned(&self, clock: &Clock) -> Micros {
        clock.resolve(self.plan_date)
    }
}

/// One ingredient that a plan requires.
#[derive(Debug, Deserialize)]
pub struct ProcurementRequirement {}

impl Record for ProcurementRequirement {
    const ENTITY: &'static str = "procurement_requirement";
    const FIELDS: &'static [Field<Self>] = &[
        Field::id("plan_id"),
        Field::id("ingredient_id"),
        Field::shifted("required_by_date"),
        Field::shifted("latest_order_date"),
        Field::id("preferred_supplier_id"),
        Field::id("purchase_order_id"),
        Field::shifted("created_at"),
    ];
}
