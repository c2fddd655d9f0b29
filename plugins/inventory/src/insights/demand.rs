//! Demand by day: of a product what was sold of it, of an ingredient what that took.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use levain_plugin::time::{Date, Day};
use levain_plugin::{Decimal, Uuid};
use serde::Deserialize;

use super::safety::Item;

/// The days that count, from the session's: the four whole weeks before it.
pub const DAYS: Range<Day> = -28..0;
const COUNT: usize = 28;

/// The fields of a day's sales.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Sale {
    pub id: Uuid,
    pub product_id: Uuid,
    pub date: Date,
    pub quantity_sold: Decimal,
}

/// The fields of a recipe.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Recipe {
    pub id: Uuid,
    pub finished_product_id: Uuid,
    pub yield_quantity: Decimal,
    pub is_active: bool,
}

/// The fields of a recipe's line.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Line {
    pub id: Uuid,
    pub recipe_id: Uuid,
    pub ingredient_id: Uuid,
    pub quantity: Decimal,
}

/// What is asked of each item on each day.
#[derive(Clone, Debug)]
pub struct Demand {
    today: Day,
    /// The workshop's product behind an outlet's.
    made_as: BTreeMap<Uuid, Uuid>,
    sold: BTreeMap<Uuid, [f64; COUNT]>,
    /// The sales of a product, each with its place among all of them.
    sales: BTreeMap<Uuid, Vec<(Day, usize, Uuid)>>,
    counted: usize,
    used: BTreeMap<Uuid, [f64; COUNT]>,
    /// The recipe lines that use an ingredient, and the products that they are for.
    lines: BTreeMap<Uuid, Vec<(Uuid, Uuid)>>,
}

impl Demand {
    /// Nothing asked yet in the weeks before a day; `items` of all tenants say which outlet's product is
    /// which of the workshop's.
    pub fn until(today: Day, items: &[(Uuid, Vec<Item<'_>>)]) -> Self {
        let all = items.iter().flat_map(|(_, items)| items);
        Self {
            today,
            made_as: all
                .filter_map(|item| Some((item.id, item.source_product_id?)))
                .collect(),
            sold: BTreeMap::new(),
            sales: BTreeMap::new(),
            counted: 0,
            used: BTreeMap::new(),
            lines: BTreeMap::new(),
        }
    }

    /// Counts a sale: of the product itself, and of the workshop's that it was delivered as.
    pub fn add(&mut self, sale: &Sale) {
        let Some(place) = self.place(sale.date.0) else {
            return;
        };
        let made_as = self.made_as.get(&sale.product_id).copied();
        for product in std::iter::once(sale.product_id).chain(made_as) {
            let days = self.sold.entry(product).or_insert([0.0; COUNT]);
            if let Some(day) = days.get_mut(place) {
                *day += sale.quantity_sold.to_f64();
            }
            let sales = self.sales.entry(product).or_default();
            sales.push((sale.date.0, self.counted, sale.id));
        }
        self.counted += 1;
    }

    /// Counts what was sold as what its recipe takes.
    pub fn follow(&mut self, recipes: &[Recipe], lines: &[Line]) {
        let active: BTreeMap<Uuid, &Recipe> = recipes
            .iter()
            .filter(|recipe| recipe.is_active && recipe.yield_quantity > Decimal::ZERO)
            .map(|recipe| (recipe.id, recipe))
            .collect();
        for line in lines {
            let Some(recipe) = active.get(&line.recipe_id) else {
                continue;
            };
            let Some(sold) = self.sold.get(&recipe.finished_product_id) else {
                continue;
            };
            let each = line.quantity.to_f64() / recipe.yield_quantity.to_f64();
            let used = self.used.entry(line.ingredient_id).or_insert([0.0; COUNT]);
            for (day, sold) in used.iter_mut().zip(sold) {
                *day += sold * each;
            }
            let by = self.lines.entry(line.ingredient_id).or_default();
            by.push((line.id, recipe.finished_product_id));
        }
    }

    /// What was asked of an item on each of the days: of a product by its sales, of an ingredient by use.
    pub fn of(&self, item: &Item<'_>) -> Option<&[f64; COUNT]> {
        if item.is_ingredient() {
            self.used.get(&item.id)
        } else {
            self.sold.get(&item.id)
        }
    }

    /// The sales behind an item's demand, the latest first. Those of one day stay in the order of the
    /// records: ids are another session's, and would tell two sessions of one clock apart.
    pub fn sales(&self, item: &Item<'_>) -> Vec<Uuid> {
        let products: BTreeSet<Uuid> = match self.lines.get(&item.id) {
            Some(lines) => lines.iter().map(|(_, product)| *product).collect(),
            None => BTreeSet::from([item.id]),
        };
        let mut sales: Vec<&(Day, usize, Uuid)> = products
            .iter()
            .filter_map(|product| self.sales.get(product))
            .flatten()
            .collect();
        sales.sort_by_key(|(day, place, _)| (std::cmp::Reverse(*day), *place));
        sales.into_iter().map(|(_, _, id)| *id).collect()
    }

    /// The recipe lines behind an ingredient's demand.
    pub fn lines(&self, item: &Item<'_>) -> Vec<Uuid> {
        let lines = self.lines.get(&item.id).into_iter().flatten();
        lines.map(|(line, _)| *line).collect()
    }

    fn place(&self, day: Day) -> Option<usize> {
        let before = day.checked_sub(self.today)?;
        DAYS.contains(&before)
            .then(|| usize::try_from(before - DAYS.start).ok())?
    }
}
