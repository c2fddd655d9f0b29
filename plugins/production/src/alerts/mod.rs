//! Alerts of production: batches that did not start, batches that are held, machines without a reserve.

mod batch;
mod capacity;

use levain_plugin::{Held, PluginError, Segment, SessionContext, product};

use self::batch::{Batch, Check};
use self::capacity::{Capacity, Machine};

/// Raises the alerts about batches and machines.
///
/// # Errors
///
/// [`PluginError::Failed`] for records that cannot be read, or an unknown place of the tenant.
pub fn raise(ctx: &SessionContext, held: &Held<'_>) -> Result<Vec<Segment>, PluginError> {
    let now = ctx.session_created_at;
    let batches: Vec<Batch<'_>> = held.own("production", "batch")?;
    let checks: Vec<Check<'_>> = held.own("production", "quality_check")?;
    let machines: Vec<Machine<'_>> = held.own("production", "equipment")?;
    let capacity: Vec<Capacity> = held.own("production", "production_capacity")?;
    let mut alerts = capacity::full(&machines, &capacity, now);
    for batch in &batches {
        alerts.extend(batch::late(batch, now));
        alerts.extend(batch::blocked(batch, &checks, now));
    }
    product::alerts(ctx, held, alerts)
}
