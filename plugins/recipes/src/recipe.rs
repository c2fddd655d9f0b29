//! Recipes and their lines.

use levain_plugin::{Field, Record};
use serde::Deserialize;

/// How one product is made.
#[derive(Debug, Deserialize)]
pub struct Recipe {}

impl Record for Recipe {
    const ENTITY: &'static str = "recipe";
    const FIELDS: &'static [Field<Self>] = &[
        Field::id("finished_product_id"),
        Field::id("created_by"),
        Field::shifted("created_at"),
        Field::shifted("updated_at"),
    ];
}

/// One line of a recipe's bill of materials.
#[derive(Debug, Deserialize)]
pub struct RecipeIngredient {}

impl Record for RecipeIngredient {
    const ENTITY: &'static str = "recipe_ingredient";
    const FIELDS: &'static [Field<Self>] = &[Field::id("recipe_id"), Field::id("ingredient_id")];
}
