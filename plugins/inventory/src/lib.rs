//! The inventory domain: ingredients, products and their stock.

mod alerts;
mod figures;
mod ingredient;
mod insights;
mod stock;

use levain_plugin::{
    Fixture, Held, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext, Triggers,
};

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

impl Triggers for Inventory {
    fn alerts(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        match trigger {
            "stock-alerts" => alerts::raise(ctx, held),
            other => Err(PluginError::no_trigger("alerts", other)),
        }
    }

    fn insights(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        match trigger {
            "safety-stock-insights" => insights::safety_stock(ctx, held),
            other => Err(PluginError::no_trigger("insights", other)),
        }
    }

    fn kpis(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        match trigger {
            "stock-figures" => figures::stock(ctx, held),
            "receipt-figures" => figures::receipts(ctx, held),
            other => Err(PluginError::no_trigger("kpis", other)),
        }
    }
}

levain_plugin::export!(Inventory, triggers);
