//! What is kept in stock: ingredients and finished products.

use levain_plugin::{Field, Record, Uuid};
use serde::Deserialize;

/// An ingredient or a finished product.
#[derive(Debug, Deserialize)]
pub struct Ingredient {
    /// Its base id.
    pub id: Uuid,
    /// How long a lot keeps after it is received; none for what does not spoil.
    #[serde(default)]
    pub shelf_life_days: Option<i64>,
}

impl Record for Ingredient {
    const ENTITY: &'static str = "ingredient";
    const FIELDS: &'static [Field<Self>] = &[
        Field::parent_id("source_product_id"),
        Field::shifted("created_at"),
        Field::shifted("updated_at"),
    ];
}
