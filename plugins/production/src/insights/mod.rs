//! Insights of production: what comes out of the batches.

mod product_yield;

use levain_plugin::{Held, PluginError, Segment, SessionContext, product};

use self::product_yield::{Batch, Product};

/// How many findings are given, those with most money in them.
const MOST: usize = 10;

/// Finds the products whose yield fell behind its history.
///
/// # Errors
///
/// [`PluginError::Failed`] for batches or products that cannot be read.
pub fn yields(ctx: &SessionContext, held: &Held<'_>) -> Result<Vec<Segment>, PluginError> {
    let now = ctx.session_created_at;
    let batches = held.own::<Batch>("production", "batch")?;
    let products = held.own::<Product<'_>>("inventory", "ingredient")?;
    let mut falls = product_yield::falls(&batches, &products, now);
    falls.sort_by(|a, b| b.money.total_cmp(&a.money).then(a.name.cmp(&b.name)));
    falls.truncate(MOST);
    let insights = falls.iter().filter_map(|fall| fall.insight(now)).collect();
    product::insights(ctx, insights)
}
