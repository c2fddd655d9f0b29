//! The triggers of the project's plugins as native code, by the same trait that the components export.

use levain_model::Phase;
use levain_plugin::{Held, HeldSegment, Segment, SessionContext, Triggers};

/// Runs a trigger of a plugin.
pub type Raise = fn(Phase, &SessionContext, &str, &[HeldSegment]) -> Vec<Segment>;

/// The triggers of a domain's plugin.
pub fn raise(domain: &str) -> Raise {
    match domain {
        "tenant" => raise_by::<levain_tenant::Tenant>,
        "inventory" => raise_by::<levain_inventory::Inventory>,
        "production" => raise_by::<levain_production::Production>,
        "procurement" => raise_by::<levain_procurement::Procurement>,
        "sales" => raise_by::<levain_sales::Sales>,
        "forecasting" => raise_by::<levain_forecasting::Forecasting>,
        "distribution" => raise_by::<levain_distribution::Distribution>,
        other => panic!("`{other}` has a trigger in the catalog and none here"),
    }
}

fn raise_by<P: Triggers>(
    phase: Phase,
    context: &SessionContext,
    trigger: &str,
    held: &[HeldSegment],
) -> Vec<Segment> {
    let held = Held::new(context, held);
    match phase {
        Phase::Alerts => P::alerts(context, trigger, &held),
        Phase::Insights => P::insights(context, trigger, &held),
        Phase::Kpis => P::kpis(context, trigger, &held),
    }
    .unwrap()
}
