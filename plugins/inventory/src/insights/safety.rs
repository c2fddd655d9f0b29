//! Safety stock: what demand and lead time, as they vary, ask to be kept.
//!
//! The formula is the usual one for both varying independently (Silver, Pyke and Thomas, *Inventory and
//! Production Management in Supply Chains*, section 6.10): z · sqrt(L · σd² + d² · σL²), with L and σL the
//! mean and the deviation of the lead time in days, d and σd those of a day's demand.

use std::borrow::Cow;
use std::ops::Range;

use levain_plugin::product::{Figure, Impact, Insight, Params, Source, Subject};
use levain_plugin::time::Micros;
use levain_plugin::{Decimal, Uuid, spanish};
use serde::Deserialize;

use super::demand::Demand;
use super::lead_time::LeadTimes;

/// Deviations for a service level of 95 %.
const Z: f64 = 1.645;
/// The least difference that is worth a word, as a share of what is kept.
const LEAST_GAP: f64 = 0.2;
/// The fewest days with demand that show how it varies.
const FEWEST_DAYS: usize = 14;
/// What keeping stock costs in a month, as a share of its value: capital, room and spoilage.
const HOLDING: f64 = 0.02;
/// What the shortage of an ingredient costs in working hours: an urgent purchase.
const HOURS_OF_A_SHORTAGE: f64 = 0.5;
/// Days of a month.
const MONTH: f64 = 30.0;

/// The fields of an ingredient or product that its safety stock is told by.
#[derive(Clone, Debug, Deserialize)]
pub struct Item<'a> {
    pub id: Uuid,
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    #[serde(borrow)]
    pub unit_of_measure: Cow<'a, str>,
    pub product_type: Kind,
    pub average_cost: Decimal,
    pub selling_price: Option<Decimal>,
    pub safety_stock: Decimal,
    pub lead_time_days: Option<Decimal>,
    #[serde(default)]
    pub source_product_id: Option<Uuid>,
    pub is_active: bool,
}

/// Whether something is bought or made.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    Ingredient,
    #[serde(other)]
    Product,
}

impl Item<'_> {
    pub fn is_ingredient(&self) -> bool {
        self.product_type == Kind::Ingredient
    }
}

/// Mean and variance of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub mean: f64,
    pub variance: f64,
}

impl Spread {
    /// Of a sample of two or more.
    pub fn of(sample: &[f64]) -> Option<Self> {
        #[expect(clippy::cast_precision_loss, reason = "a sample of days or deliveries")]
        let count = sample.len() as f64;
        if sample.len() < 2 {
            return None;
        }
        let mean = sample.iter().sum::<f64>() / count;
        let squares: f64 = sample.iter().map(|x| (x - mean) * (x - mean)).sum();
        Some(Self {
            mean,
            variance: squares / (count - 1.0),
        })
    }
}

/// An item whose safety stock does not suit it.
#[derive(Clone, Debug)]
pub struct Gap<'i> {
    /// The item.
    pub item: &'i Item<'i>,
    /// The value between what is kept and what should be, EUR.
    pub value: f64,
    kept: f64,
    needed: f64,
    demand: Spread,
    lead_time: Spread,
    days: usize,
    sales: Vec<Uuid>,
    lines: Vec<Uuid>,
    deliveries: Vec<Uuid>,
}

/// The gap of an item. In a workshop ingredients have a safety stock, in an outlet products too: what a
/// workshop makes it makes to order.
pub fn gap<'i>(
    item: &'i Item<'i>,
    is_outlet: bool,
    demand: &Demand,
    lead_times: &LeadTimes,
) -> Option<Gap<'i>> {
    if !item.is_active || !(item.is_ingredient() || is_outlet) {
        return None;
    }
    let by_day = demand.of(item)?;
    let days = by_day.iter().filter(|day| **day > 0.0).count();
    if days < FEWEST_DAYS {
        return None;
    }
    let spread = Spread::of(by_day)?;
    let (lead_time, deliveries) = lead_times.of_item(item);
    let needed = Z * deviation(spread, lead_time);
    let kept = item.safety_stock.to_f64();
    if (needed - kept).abs() < LEAST_GAP * kept.max(needed) {
        return None;
    }
    Some(Gap {
        item,
        value: (needed - kept).abs() * item.average_cost.to_f64(),
        kept,
        needed,
        demand: spread,
        lead_time,
        days,
        sales: demand.sales(item),
        lines: demand.lines(item),
        deliveries,
    })
}

/// The deviation of what is asked for during a lead time.
fn deviation(demand: Spread, lead_time: Spread) -> f64 {
    (lead_time.mean * demand.variance + demand.mean * demand.mean * lead_time.variance).sqrt()
}

impl Gap<'_> {
    /// Chances of a shortage in a month: one comes with each lead time.
    fn chances(&self) -> f64 {
        MONTH / self.lead_time.mean.max(1.0)
    }

    /// Working hours that shortages of an ingredient cost less in a month, at most: Cantelli's inequality
    /// bounds the risk, and needs no distribution to be assumed.
    fn hours(&self) -> f64 {
        let deviation = deviation(self.demand, self.lead_time);
        let risk = |kept: f64| {
            let z = kept / deviation;
            1.0 / (1.0 + z * z)
        };
        HOURS_OF_A_SHORTAGE * self.chances() * (risk(self.kept) - risk(self.needed))
    }

    /// What sales of a product that are not missed bring in a month, at most: Scarf's bound of the units
    /// short (*A min-max solution of an inventory problem*, 1958), which needs no distribution either, at
    /// the product's margin.
    fn sales_kept(&self) -> f64 {
        let item = self.item;
        let margin = item
            .selling_price
            .map_or(0.0, |price| (price - item.average_cost).to_f64());
        let deviation = deviation(self.demand, self.lead_time);
        let short = |kept: f64| ((deviation * deviation + kept * kept).sqrt() - kept) / 2.0;
        margin * self.chances() * (short(self.kept) - short(self.needed))
    }

    /// What is said of it.
    pub fn insight(&self, window: &Range<Micros>) -> Option<Insight> {
        let item = self.item;
        let places = if item.unit_of_measure == "units" {
            0
        } else {
            1
        };
        let needed = Decimal::nearest(self.needed, places)?;
        let kept = item.safety_stock;
        let demand = Decimal::nearest(self.demand.mean, 1)?;
        let demand_deviation = Decimal::nearest(self.demand.variance.sqrt(), 1)?;
        let lead_time = Decimal::nearest(self.lead_time.mean, 1)?;
        let lead_deviation = Decimal::nearest(self.lead_time.variance.sqrt(), 1)?;
        let raise = self.needed > self.kept;
        let holding = (self.kept - self.needed) * item.average_cost.to_f64() * HOLDING;
        let sold = if raise && !item.is_ingredient() {
            self.sales_kept()
        } else {
            0.0
        };
        let money = Decimal::nearest(holding + sold, 2)?;
        let hours = if raise && item.is_ingredient() {
            Some(Decimal::nearest(self.hours(), 1)?)
        } else {
            None
        };
        let unit = item.unit_of_measure.as_ref();
        let (advice, why) = if raise {
            (
                "subir",
                if item.is_ingredient() {
                    "Así se evitan roturas y compras urgentes."
                } else {
                    "Así no se pierden ventas por falta de género."
                },
            )
        } else {
            ("bajar", "Así se libera capital y sitio, y se tira menos.")
        };
        let statement = format!(
            "Conviene {advice} el stock de seguridad de {} de {} a {}: salen {} al día (± {}) y la reposición tarda {} (± {}). {why}",
            if item.is_ingredient() {
                spanish::inside(&item.name)
            } else {
                item.name.clone().into_owned()
            },
            spanish::quantity(kept, unit),
            spanish::quantity(needed, unit),
            spanish::quantity(demand, unit),
            spanish::number(demand_deviation),
            if lead_time == Decimal::whole(1) {
                "un día".to_owned()
            } else {
                format!("{} días", spanish::number(lead_time))
            },
            spanish::number(lead_deviation),
        );
        let a_day = format!("{unit}/day");
        let sources = [
            Source::of("sales", "sale", self.sales.iter().copied()),
            Source::of("recipes", "recipe_ingredient", self.lines.iter().copied()),
            Source::of("procurement", "delivery", self.deliveries.iter().copied()),
        ];
        Some(Insight {
            kind: "safety_stock",
            statement,
            key: if raise {
                "insights.safety_stock.raise"
            } else {
                "insights.safety_stock.lower"
            },
            params: Params::new()
                .with("item", item.name.as_ref())
                .with("unit", unit)
                .with("kept", kept)
                .with("recommended", needed)
                .with("daily_demand", demand)
                .with("daily_demand_deviation", demand_deviation)
                .with("lead_time_days", lead_time)
                .with("lead_time_deviation_days", lead_deviation),
            subject: Subject {
                domain: "inventory",
                entity: "ingredient",
                id: item.id,
                name: item.name.clone().into_owned(),
            },
            figures: vec![
                Figure::new("safety_stock", kept, unit),
                Figure::new("recommended", needed, unit),
                Figure::new("daily_demand", demand, a_day.as_str()),
                Figure::new("daily_demand_deviation", demand_deviation, a_day),
                Figure::new("lead_time", lead_time, "days"),
                Figure::new("lead_time_deviation", lead_deviation, "days"),
                Figure::new("service_level", Decimal::whole(95), "%"),
            ],
            confidence: Decimal::nearest(self.confidence(), 2)?,
            impact: Impact {
                money_eur: Some(money),
                waste_kg: None,
                hours,
            },
            computed_from: sources.into_iter().flatten().collect(),
            window: window.clone(),
        })
    }

    /// The share of days that had demand; seven tenths of it where no delivery tells the lead time, all of
    /// it from four deliveries on.
    fn confidence(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "days and deliveries")]
        let (days, deliveries) = (self.days as f64 / 28.0, self.deliveries.len().min(4) as f64);
        days * (0.7 + 0.3 * deliveries / 4.0)
    }
}

#[cfg(test)]
mod tests {
    use levain_plugin::time::{DAY, Date, Instant};

    use super::super::demand::{Line, Recipe, Sale};
    use super::super::lead_time::{Delivery, Order, OrderLine};
    use super::*;

    const FLOUR: Uuid = Uuid::from_u128(1);
    const BREAD: Uuid = Uuid::from_u128(2);
    const TODAY: i64 = 20_000;

    fn item(id: Uuid, kind: Kind, kept: i64) -> Item<'static> {
        Item {
            id,
            name: "Harina de trigo".into(),
            unit_of_measure: "kg".into(),
            product_type: kind,
            average_cost: Decimal::new(5, 1),
            selling_price: (kind == Kind::Product).then(|| Decimal::whole(2)),
            safety_stock: Decimal::whole(kept),
            lead_time_days: Some(Decimal::whole(4)),
            source_product_id: None,
            is_active: true,
        }
    }

    /// Ten loaves and thirty in turn, each of half a kilogram of flour.
    fn demand() -> Demand {
        let mut demand = Demand::until(TODAY, &[]);
        for day in 1..=40 {
            demand.add(&Sale {
                id: Uuid::from_u128(1000 + u128::try_from(day).unwrap()),
                product_id: BREAD,
                date: Date(TODAY - day),
                quantity_sold: Decimal::whole(if day % 2 == 0 { 10 } else { 30 }),
            });
        }
        let recipe = Recipe {
            id: Uuid::from_u128(3),
            finished_product_id: BREAD,
            yield_quantity: Decimal::whole(20),
            is_active: true,
        };
        let line = Line {
            id: Uuid::from_u128(4),
            recipe_id: recipe.id,
            ingredient_id: FLOUR,
            quantity: Decimal::whole(10),
        };
        demand.follow(&[recipe], &[line]);
        demand
    }

    #[test]
    fn demand_alone_varies() {
        // A day takes 10 kg on average with a variance of 25 · 28 / 27; four days that are certain.
        let flour = item(FLOUR, Kind::Ingredient, 2);
        let gap = gap(&flour, false, &demand(), &LeadTimes::default()).unwrap();
        let expected = 1.645 * (4.0 * 25.0 * 28.0 / 27.0_f64).sqrt();
        assert!((gap.needed - expected).abs() < 1e-9, "{}", gap.needed);
        assert_eq!(gap.sales.len(), 28);
        let insight = gap.insight(&(0..1)).unwrap();
        assert!(
            insight.statement.starts_with(
                "Conviene subir el stock de seguridad de harina de trigo de 2 kg a 16,8 kg"
            ),
            "{}",
            insight.statement
        );
        assert_eq!(insight.confidence, Decimal::new(7, 1));
        assert!(insight.impact.hours > Some(Decimal::ZERO));
        assert!(
            insight.impact.money_eur < Some(Decimal::ZERO),
            "keeping costs"
        );
    }

    #[test]
    fn lead_times_vary_too() {
        let now = TODAY * DAY;
        let number =
            |base: u128, index: i64| Uuid::from_u128(base + u128::try_from(index).unwrap());
        let orders: Vec<Order> = (0..4)
            .map(|index| Order {
                id: number(100, index),
                order_date: Instant(now - (10 + 10 * index) * DAY),
            })
            .collect();
        let lines: Vec<OrderLine> = orders
            .iter()
            .map(|order| OrderLine {
                purchase_order_id: order.id,
                ingredient_id: FLOUR,
            })
            .collect();
        let deliveries: Vec<Delivery> = (0..)
            .zip(&orders)
            .map(|(index, order)| Delivery {
                id: number(200, index),
                purchase_order_id: order.id,
                actual_date: Some(Instant(order.order_date.0 + (2 + index % 2 * 2) * DAY)),
            })
            .collect();
        let times = LeadTimes::of(&orders, &lines, &deliveries, now);
        let flour = item(FLOUR, Kind::Ingredient, 100);
        let gap = gap(&flour, false, &demand(), &times).unwrap();
        // Three days on average, variance 4 / 3.
        let expected = 1.645 * (3.0 * 25.0 * 28.0 / 27.0 + 100.0 * 4.0 / 3.0_f64).sqrt();
        assert!((gap.needed - expected).abs() < 1e-9, "{}", gap.needed);
        let insight = gap.insight(&(0..1)).unwrap();
        assert!(
            insight.statement.starts_with("Conviene bajar"),
            "{}",
            insight.statement
        );
        assert_eq!(insight.confidence, Decimal::whole(1));
        assert_eq!(insight.computed_from.len(), 3);
    }

    #[test]
    fn what_suits_is_left_alone() {
        let demand = demand();
        let of =
            |item: &Item<'_>, outlet| gap(item, outlet, &demand, &LeadTimes::default()).is_some();
        // 16.75 are needed.
        assert!(!of(&item(FLOUR, Kind::Ingredient, 15), false));
        assert!(!of(&item(FLOUR, Kind::Ingredient, 20), false));
        assert!(of(&item(FLOUR, Kind::Ingredient, 13), false));
        assert!(of(&item(FLOUR, Kind::Ingredient, 21), false));
        // A workshop makes to order, an outlet keeps.
        assert!(!of(&item(BREAD, Kind::Product, 0), false));
        let bread = item(BREAD, Kind::Product, 0);
        assert!(of(&bread, true));
        let impact = gap(&bread, true, &demand, &LeadTimes::default())
            .and_then(|gap| gap.insight(&(0..1)))
            .map(|insight| insight.impact);
        assert!(impact.is_some_and(|impact| impact.money_eur > Some(Decimal::ZERO)));
        assert!(
            !of(&item(Uuid::from_u128(9), Kind::Ingredient, 0), false),
            "nothing asked for"
        );
    }
}
