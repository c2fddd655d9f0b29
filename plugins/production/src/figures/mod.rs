//! Figures of production: what share of the plan was made, and how waste went down.

mod batch;
mod fulfilment;
mod waste;

use std::collections::BTreeMap;

use levain_plugin::product::{self, Kpi, Scope, Scopes, Unit};
use levain_plugin::time::Micros;
use levain_plugin::{Decimal, Held, PluginError, Segment, SessionContext};

use self::batch::Batch;
use self::fulfilment::Fulfilment;
use self::waste::Waste;

/// Computes the figures of the batches of a tenant and its group.
///
/// # Errors
///
/// [`PluginError::Failed`] for batches that cannot be read.
pub fn production(ctx: &SessionContext, held: &Held<'_>) -> Result<Vec<Segment>, PluginError> {
    let now = ctx.session_created_at;
    let mut sums = Scopes::new(held, (Fulfilment::default(), Waste::default()));
    for (tenant, batches) in held.all::<Batch>("production", "batch")? {
        for batch in &batches {
            sums.add(tenant, |(fulfilment, waste)| {
                fulfilment.add(batch, now);
                waste.add(batch, now);
            });
        }
    }
    let kpis = sums.kpis(|scope, (fulfilment, waste)| {
        [
            production_fulfilment(scope, fulfilment, now),
            waste_reduction(scope, waste, now),
        ]
    });
    product::kpis(ctx, kpis)
}

fn production_fulfilment(scope: Scope, sum: &Fulfilment, now: Micros) -> Kpi {
    Kpi {
        kpi: "production_fulfilment",
        scope,
        title: "Cumplimiento de producción",
        key: "kpis.production_fulfilment.title",
        value: sum.percent(),
        unit: Unit::Percent,
        figures: BTreeMap::from([
            ("made", sum.made),
            ("planned", sum.planned),
            ("batches", Decimal::whole(sum.batches)),
        ]),
        window: Some(now.saturating_sub(fulfilment::WINDOW)..now),
    }
}

fn waste_reduction(scope: Scope, sum: &Waste, now: Micros) -> Kpi {
    Kpi {
        kpi: "waste_reduction",
        scope,
        title: "Reducción de mermas",
        key: "kpis.waste_reduction.title",
        value: sum.percent(),
        unit: Unit::Percent,
        figures: BTreeMap::from([
            ("waste", sum.now.waste),
            ("made", sum.now.made),
            ("waste_before", sum.before.waste),
            ("made_before", sum.before.made),
        ]),
        window: Some(now.saturating_sub(2 * waste::PERIOD)..now),
    }
}
