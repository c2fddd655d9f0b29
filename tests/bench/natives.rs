//! The domains' plugins as native code, by the same trait that the components export.

use std::sync::Arc;

use levain_catalog::FixtureSlice;
use levain_plugin::{Plugin, Segment, SessionContext};

/// A prepared plugin: clones a tenant.
pub type Prepared = Box<dyn Fn(&SessionContext) -> Vec<Segment> + Send + Sync>;

/// Prepares a plugin.
pub type Prepare = fn(&[Segment]) -> Prepared;

/// One domain of one tenant, natively.
pub struct Native {
    pub domain: &'static str,
    pub slice: Vec<Segment>,
    pub fixture: Arc<FixtureSlice>,
    pub prepare: Prepare,
    pub prepared: Arc<Prepared>,
}

/// Every plugin of the workspace.
pub fn all() -> Vec<(&'static str, Prepare)> {
    vec![
        ("tenant", prepare::<levain_tenant::Tenant>),
        ("auth", prepare::<levain_auth::Auth>),
        ("inventory", prepare::<levain_inventory::Inventory>),
        ("production", prepare::<levain_production::Production>),
        ("recipes", prepare::<levain_recipes::Recipes>),
        ("procurement", prepare::<levain_procurement::Procurement>),
        ("suppliers", prepare::<levain_suppliers::Suppliers>),
        ("orders", prepare::<levain_orders::Orders>),
        ("sales", prepare::<levain_sales::Sales>),
        ("forecasting", prepare::<levain_forecasting::Forecasting>),
        ("orchestrator", prepare::<levain_orchestrator::Orchestrator>),
        ("distribution", prepare::<levain_distribution::Distribution>),
    ]
}

fn prepare<P: Plugin + Send + Sync + 'static>(slice: &[Segment]) -> Prepared {
    let plugin = P::prepare(slice).unwrap();
    Box::new(move |context| plugin.clone_tenant(context).unwrap())
}
