//! Insights of inventory: how much has to be kept for what cannot be foreseen.

mod demand;
mod lead_time;
mod safety;

use levain_plugin::time::{at, day_of};
use levain_plugin::{Held, PluginError, Segment, SessionContext, product};

use self::demand::{Demand, Line, Recipe, Sale};
use self::lead_time::{Delivery, LeadTimes, Order, OrderLine};
use self::safety::Item;

/// How many findings are given, those with most value between what is kept and what should be.
const MOST: usize = 5;

/// Finds what has a safety stock that does not suit its demand and lead time.
///
/// # Errors
///
/// [`PluginError::Failed`] for records that cannot be read.
pub fn safety_stock(ctx: &SessionContext, held: &Held<'_>) -> Result<Vec<Segment>, PluginError> {
    let today = day_of(ctx.session_created_at);
    let window = at(today + demand::DAYS.start, 0)..at(today, 0);
    let items = held.all::<Item<'_>>("inventory", "ingredient")?;
    let mut demand = Demand::until(today, &items);
    for (_, sales) in held.all::<Sale>("sales", "sale")? {
        sales.iter().for_each(|sale| demand.add(sale));
    }
    demand.follow(
        &held.own::<Recipe>("recipes", "recipe")?,
        &held.own::<Line>("recipes", "recipe_ingredient")?,
    );
    let lead_times = LeadTimes::of(
        &held.own::<Order>("procurement", "purchase_order")?,
        &held.own::<OrderLine>("procurement", "purchase_order_item")?,
        &held.own::<Delivery>("procurement", "delivery")?,
        ctx.session_created_at,
    );
    let own = items
        .iter()
        .filter(|(tenant, _)| *tenant == held.own_tenant())
        .flat_map(|(_, items)| items);
    let is_outlet = ctx.outlet.is_some();
    let mut gaps: Vec<_> = own
        .filter_map(|item| safety::gap(item, is_outlet, &demand, &lead_times))
        .collect();
    gaps.sort_by(|a, b| {
        b.value
            .total_cmp(&a.value)
            .then(a.item.name.cmp(&b.item.name))
    });
    gaps.truncate(MOST);
    let insights = gaps.iter().filter_map(|gap| gap.insight(&window)).collect();
    product::insights(ctx, insights)
}
