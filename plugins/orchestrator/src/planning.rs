//! The nightly planning run, and what it decided.

use levain_plugin::time::{Clock, Micros, Stamp};
use levain_plugin::{Field, Record};
use serde::Deserialize;

/// One run of the planner.
#[derive(Debug, Deserialize)]
pub struct PlanningRun {
    started_at: Stamp,
}

impl Record for PlanningRun {
    const ENTITY: &'static str = "planning_run";
    const FIELDS: &'static [Field<Self>] = &[
        Field::code("run_number", "RUN", Self::started),
        Field::shifted("started_at"),
        Field::shifted("completed_at"),
        Field::id("triggered_by"),
    ];
}

impl PlanningRun {
    fn started(&self, clock: &Clock) -> Micros {
        clock.resolve(self.started_at)
    }
}

/// One decision of a run, and the record that it led to.
#[derive(Debug, Deserialize)]
pub struct PlanningAction {}

impl Record for PlanningAction {
    const ENTITY: &'static str = "planning_action";
    const FIELDS: &'static [Field<Self>] = &[
        Field::id("run_id"),
        Field::id("batch_id"),
        Field::id("purchase_order_id"),
        Field::id("ingredient_id"),
        Field::id("forecast_id"),
        Field::shifted("decided_at"),
    ];
}
