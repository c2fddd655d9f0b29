//! Who delivers, and until when.

use levain_plugin::{Field, Record};
use serde::Deserialize;

/// A supplier and its contract.
#[derive(Debug, Deserialize)]
pub struct Supplier {}

impl Record for Supplier {
    const ENTITY: &'static str = "supplier";
    const FIELDS: &'static [Field<Self>] = &[
        Field::shifted("contract_start"),
        Field::shifted("contract_end"),
        Field::shifted("created_at"),
        Field::shifted("updated_at"),
    ];
}
