//! Who orders.

use levain_plugin::{Field, Record};
use serde::Deserialize;

/// A customer.
#[derive(Debug, Deserialize)]
pub struct Customer {}

impl Record for Customer {
    const ENTITY: &'static str = "customer";
    const FIELDS: &'static [Field<Self>] = &[Field::shifted("registered_at")];
}
