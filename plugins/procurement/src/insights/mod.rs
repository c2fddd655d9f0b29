//! Insights of procurement: where prices go.

mod price;

use levain_plugin::time::DAY;
use levain_plugin::{Held, PluginError, Segment, SessionContext, product};

use self::price::{Line, Order};

/// How far back orders are looked at: a quarter.
const WINDOW: i64 = 90 * DAY;
/// How many findings are given, those with most money in them.
const MOST: usize = 10;

/// Finds the ingredients whose price rises or falls.
///
/// # Errors
///
/// [`PluginError::Failed`] for orders that cannot be read.
pub fn prices(ctx: &SessionContext, held: &Held<'_>) -> Result<Vec<Segment>, PluginError> {
    let now = ctx.session_created_at;
    let window = now.saturating_sub(WINDOW)..now;
    let orders = held.own::<Order>("procurement", "purchase_order")?;
    let lines = held.own::<Line<'_>>("procurement", "purchase_order_item")?;
    let mut trends = price::trends(&orders, &lines, &window);
    trends.sort_by(|a, b| {
        b.money
            .total_cmp(&a.money)
            .then_with(|| a.name.cmp(&b.name))
    });
    trends.truncate(MOST);
    let insights = trends
        .iter()
        .filter_map(|trend| trend.insight(&window))
        .collect();
    product::insights(ctx, insights)
}
