//! Alerts of procurement: suppliers who are late, and those who were.

mod late;

use std::collections::BTreeMap;

use levain_plugin::{Held, PluginError, Segment, SessionContext, Uuid, product};

use self::late::{Delivery, Order};

/// Raises the alerts about deliveries that are late or came late.
///
/// # Errors
///
/// [`PluginError::Failed`] for records that cannot be read, or an unknown place of the tenant.
pub fn raise(ctx: &SessionContext, held: &Held<'_>) -> Result<Vec<Segment>, PluginError> {
    let now = ctx.session_created_at;
    let orders: Vec<Order<'_>> = held.own("procurement", "purchase_order")?;
    let deliveries: Vec<Delivery<'_>> = held.own("procurement", "delivery")?;
    // One alert per order: what is still late says more than what came late.
    let mut alerts = BTreeMap::new();
    let by_id: BTreeMap<Uuid, &Order<'_>> = orders.iter().map(|order| (order.id, order)).collect();
    let mut came: Vec<&Delivery<'_>> = deliveries.iter().collect();
    came.sort_by_key(|delivery| (delivery.actual_date, delivery.id));
    for delivery in came {
        if let Some(order) = by_id.get(&delivery.purchase_order_id)
            && let Some(alert) = late::came_late(order, delivery, now)
        {
            alerts.insert(order.id, alert);
        }
    }
    for order in &orders {
        let delivery = deliveries
            .iter()
            .filter(|delivery| delivery.purchase_order_id == order.id)
            .find(|delivery| delivery.actual_date.is_none());
        if let Some(alert) = late::is_late(order, delivery, now) {
            alerts.insert(order.id, alert);
        }
    }
    product::alerts(ctx, held, alerts.into_values().collect())
}
