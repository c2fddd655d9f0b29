//! Figures of inventory: what runs short, what the stock is worth, what an outlet received.

mod receipt;
mod stock;

use std::collections::BTreeMap;

use levain_plugin::product::{self, Kpi, Scope, Scopes, Unit};
use levain_plugin::{Decimal, Held, PluginError, Segment, SessionContext};

use self::receipt::{Receipts, Transfer};
use self::stock::{Ingredient, Lot, Stock};

/// Computes the figures of the stock of a tenant and its group.
///
/// # Errors
///
/// [`PluginError::Failed`] for ingredients or lots that cannot be read.
pub fn stock(ctx: &SessionContext, held: &Held<'_>) -> Result<Vec<Segment>, PluginError> {
    let now = ctx.session_created_at;
    let mut sums = Scopes::new(held, Stock::default());
    for (tenant, ingredients) in held.all::<Ingredient>("inventory", "ingredient")? {
        for ingredient in &ingredients {
            sums.add(tenant, |stock| stock.add_ingredient(ingredient));
        }
    }
    for (tenant, lots) in held.all::<Lot>("inventory", "stock")? {
        for lot in &lots {
            sums.add(tenant, |stock| stock.add_lot(lot, now));
        }
    }
    product::kpis(
        ctx,
        sums.kpis(|scope, stock| [critical_stock(scope, stock), stock_value(scope, stock)]),
    )
}

fn critical_stock(scope: Scope, stock: &Stock) -> Kpi {
    Kpi {
        kpi: "critical_stock",
        scope,
        title: "Stock crítico",
        key: "kpis.critical_stock.title",
        value: Some(Decimal::whole(stock.critical())),
        unit: Unit::Count,
        figures: BTreeMap::from([
            ("below_reorder_point", Decimal::whole(stock.critical())),
            ("ingredients", Decimal::whole(stock.ingredients())),
        ]),
        window: None,
    }
}

fn stock_value(scope: Scope, stock: &Stock) -> Kpi {
    Kpi {
        kpi: "stock_value",
        scope,
        title: "Valor del stock",
        key: "kpis.stock_value.title",
        value: Some(stock.value.rounded(2)),
        unit: Unit::Eur,
        figures: BTreeMap::from([
            ("value", stock.value),
            ("expired_value", stock.expired_value),
            ("lots", Decimal::whole(stock.lots)),
        ]),
        window: None,
    }
}

/// Computes what an outlet received from its workshop. Only an outlet has this figure: what a workshop
/// makes is told by its production.
///
/// # Errors
///
/// [`PluginError::Failed`] for transfers that cannot be read.
pub fn receipts(ctx: &SessionContext, held: &Held<'_>) -> Result<Vec<Segment>, PluginError> {
    let Some(workshop) = ctx.parent_tenant_id else {
        return Ok(Vec::new());
    };
    let now = ctx.session_created_at;
    let mut sum = Receipts::default();
    for transfer in held.of::<Transfer>(workshop, "distribution", "goods_transfer")? {
        sum.add(&transfer, ctx.tenant_id, now);
    }
    let kpi = Kpi {
        kpi: "production_received",
        scope: Scope::Tenant,
        title: "Producción recibida",
        key: "kpis.production_received.title",
        value: Some(sum.units),
        unit: Unit::Units,
        figures: BTreeMap::from([
            ("units", sum.units),
            ("transfers", Decimal::whole(sum.transfers)),
        ]),
        window: Some(now.saturating_sub(receipt::WINDOW)..now),
    };
    product::kpis(ctx, vec![kpi])
}
