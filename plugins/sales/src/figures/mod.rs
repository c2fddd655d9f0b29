//! Figures of sales: what they leave.

mod margin;

use std::collections::BTreeMap;

use levain_plugin::product::{self, Kpi, Scopes, Unit};
use levain_plugin::time::{at, day_of};
use levain_plugin::{Held, PluginError, Segment, SessionContext};

use self::margin::{Margin, Sale};

/// Computes the margin of a tenant and its group.
///
/// # Errors
///
/// [`PluginError::Failed`] for sales that cannot be read.
pub fn margin(ctx: &SessionContext, held: &Held<'_>) -> Result<Vec<Segment>, PluginError> {
    let today = day_of(ctx.session_created_at);
    let mut sums = Scopes::new(held, Margin::default());
    for (tenant, sales) in held.all::<Sale>("sales", "sale")? {
        for sale in &sales {
            sums.add(tenant, |margin| margin.add(sale, today));
        }
    }
    let kpis = sums.kpis(|scope, margin| {
        [Kpi {
            kpi: "margin",
            scope,
            title: "Margen",
            key: "kpis.margin.title",
            value: margin.percent(),
            unit: Unit::Percent,
            figures: BTreeMap::from([("revenue", margin.revenue), ("cost", margin.cost)]),
            window: Some(at(today - margin::DAYS, 0)..at(today, 0)),
        }]
    });
    product::kpis(ctx, kpis)
}
