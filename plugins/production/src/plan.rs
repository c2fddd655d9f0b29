//! The workshop's plan: shifts, and the hours that each machine has.

use levain_plugin::{Field, Record};
use serde::Deserialize;

/// One shift.
#[derive(Debug, Deserialize)]
pub struct ProductionSchedule {}

impl Record for ProductionSchedule {
    const ENTITY: &'static str = "production_schedule";
    const FIELDS: &'static [Field<Self>] =
        &[Field::shifted("shift_start"), Field::shifted("shift_end")];
}

/// What one machine can do in one period.
#[derive(Debug, Deserialize)]
pub struct ProductionCapacity {}

impl Record for ProductionCapacity {
    const ENTITY: &'static str = "production_capacity";
    const FIELDS: &'static [Field<Self>] = &[
        Field::id("equipment_id"),
        Field::shifted("period_start"),
        Field::shifted("period_end"),
    ];
}
