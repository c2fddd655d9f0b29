//! Alerts of inventory: what runs out, and what expires.

mod expiry;
mod order;
mod product;
mod records;
mod shortage;

use std::collections::BTreeMap;

use levain_plugin::{Decimal, Held, PluginError, Segment, SessionContext, Uuid};

use self::order::{Order, OrderLine};
use self::records::{Item, Lot};

/// Raises the alerts about ingredients and products of a tenant.
///
/// # Errors
///
/// [`PluginError::Failed`] for records that cannot be read, or an unknown place of the tenant.
pub fn raise(ctx: &SessionContext, held: &Held<'_>) -> Result<Vec<Segment>, PluginError> {
    let now = ctx.session_created_at;
    let items: Vec<Item<'_>> = held.own("inventory", "ingredient")?;
    let lots: Vec<Lot<'_>> = held.own("inventory", "stock")?;
    let orders: Vec<Order<'_>> = held.own("procurement", "purchase_order")?;
    let lines: Vec<OrderLine> = held.own("procurement", "purchase_order_item")?;
    let workshops: Vec<Order<'_>> = match ctx.parent_tenant_id {
        Some(workshop) => held.of(workshop, "procurement", "purchase_order")?,
        None => Vec::new(),
    };
    let mut left: BTreeMap<Uuid, Decimal> = BTreeMap::new();
    for lot in lots.iter().filter(|lot| lot.is_unexpired(now)) {
        *left.entry(lot.ingredient_id).or_default() += lot.quantity;
    }
    let ordered = order::ordered(&orders, &lines);
    let by_id: BTreeMap<Uuid, &Item<'_>> = items.iter().map(|item| (item.id, item)).collect();
    let mut alerts = Vec::new();
    for item in &items {
        let left = left.get(&item.id).copied().unwrap_or_default();
        if !ordered.contains(&item.id) {
            alerts.extend(shortage::low_stock(item, left, now));
        }
        if ctx.parent_tenant_id.is_some() {
            alerts.extend(product::shortage(item, left, &workshops, now));
        }
    }
    for lot in &lots {
        if let Some(item) = by_id.get(&lot.ingredient_id) {
            alerts.extend(expiry::expiring(item, lot, now));
        }
    }
    levain_plugin::product::alerts(ctx, held, alerts)
}
