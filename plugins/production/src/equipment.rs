//! The workshop's machines.

use levain_plugin::{Field, Record};
use serde::Deserialize;

/// A machine.
#[derive(Debug, Deserialize)]
pub struct Equipment {}

impl Record for Equipment {
    const ENTITY: &'static str = "equipment";
    const FIELDS: &'static [Field<Self>] = &[
        Field::shifted("install_date"),
        Field::shifted("last_maintenance_date"),
        Field::shifted("next_maintenance_date"),
    ];
}
