//! Figures of procurement: what buying well saved.

mod saving;

use std::collections::BTreeMap;

use levain_plugin::product::{self, Kpi, Scopes, Unit};
use levain_plugin::{Decimal, Held, PluginError, Segment, SessionContext};

use self::saving::{Order, Saving};

/// Computes the saving of a tenant and its group.
///
/// # Errors
///
/// [`PluginError::Failed`] for orders that cannot be read.
pub fn saving(ctx: &SessionContext, held: &Held<'_>) -> Result<Vec<Segment>, PluginError> {
    let now = ctx.session_created_at;
    let mut sums = Scopes::new(held, Saving::default());
    for (tenant, orders) in held.all::<Order>("procurement", "purchase_order")? {
        for order in &orders {
            sums.add(tenant, |saving| saving.add(order, now));
        }
    }
    let kpis = sums.kpis(|scope, saving| {
        [Kpi {
            kpi: "procurement_saving",
            scope,
            title: "Ahorro en compras",
            key: "kpis.procurement_saving.title",
            value: Some(saving.euros()),
            unit: Unit::Eur,
            figures: BTreeMap::from([
                ("baseline_amount", saving.baseline),
                ("total_amount", saving.total),
                ("orders", Decimal::whole(saving.orders)),
            ]),
            window: Some(now.saturating_sub(saving::WINDOW)..now),
        }]
    });
    product::kpis(ctx, kpis)
}
