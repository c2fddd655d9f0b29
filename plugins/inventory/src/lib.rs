//! The inventory domain: ingredients, products and their stock.

mod ingredient;
mod stock;

use levain_plugin::{Fixture, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext};

use crate::ingredient::Ingredient;
use crate::stock::Stock;

/// The domain's prepared fixtures.
pub struct Inventory {
    ids: Ids,
    ingredients: Rows<Ingredient>,
    stock: Rows<Stock>,
}

impl Plugin for Inventory {
    const ENTITIES: &'static [&'static str] = &[Ingredient::ENTITY, Stock::ENTITY];

    fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
        let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
        let ingredients = fixture.rows::<Ingredient>()?;
        let mut stock = fixture.rows::<Stock>()?;
        stock::link(stock.iter_mut(), ingredients.iter());
        Ok(Self {
            ingredients,
            stock,
            ids: fixture.into_ids(),
        })
    }

    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
        Ok(self
            .ids
            .cloning(ctx)?
            .with(&self.ingredients)
            .with(&self.stock)
            .finish())
    }
}

levain_plugin::export!(Inventory);
