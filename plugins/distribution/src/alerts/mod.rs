//! Alerts of distribution: drives that arrive late.

mod late;
mod road;

use levain_plugin::product::Location;
use levain_plugin::{Held, PluginError, Segment, SessionContext, product};

use self::late::Run;
use self::road::{Outlet, Roads, Route, Stop};

/// Raises the alerts about drives that are late or were.
///
/// # Errors
///
/// [`PluginError::Failed`] for records that cannot be read, or an unknown place of the tenant.
pub fn raise(ctx: &SessionContext, held: &Held<'_>) -> Result<Vec<Segment>, PluginError> {
    let runs: Vec<Run<'_>> = held.own("distribution", "route_run")?;
    let routes: Vec<Route<'_>> = held.own("distribution", "delivery_route")?;
    let stops: Vec<Stop<'_>> = held.own("distribution", "route_stop")?;
    let mut outlets = Vec::new();
    for (tenant, records) in held.all::<Outlet>("tenant", "tenant")? {
        let records = records.into_iter().map(|outlet| (tenant, outlet));
        outlets.extend(records.filter(|_| tenant != ctx.tenant_id));
    }
    let roads = Roads::new(&routes, &stops, &outlets);
    let alerts = runs
        .iter()
        .filter_map(|run| late::late(run, &roads, ctx.session_created_at))
        .collect();
    product::alerts(ctx, held, alerts)
}

/// The location of an outlet, as its own record tells it.
impl From<&Outlet> for Location {
    fn from(outlet: &Outlet) -> Self {
        Self {
            name: outlet.name.clone(),
            latitude: outlet.latitude,
            longitude: outlet.longitude,
        }
    }
}
