//! Lead times: from order to arrival, as deliveries had it.

use std::collections::{BTreeMap, BTreeSet};

use levain_plugin::time::{DAY, Instant, Micros};
use levain_plugin::{Decimal, Uuid};
use serde::Deserialize;

use super::safety::{Item, Spread};

/// How far back orders are looked at: a quarter.
const WINDOW: Micros = 90 * DAY;
/// The fewest deliveries that show how lead times vary.
const FEWEST: usize = 3;
/// What the workshop sends comes with the next drive.
const NEXT_DRIVE: f64 = 1.0;

/// The fields of a purchase order that a lead time begins with.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Order {
    pub id: Uuid,
    pub order_date: Instant,
}

/// The fields of an order's line.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct OrderLine {
    pub purchase_order_id: Uuid,
    pub ingredient_id: Uuid,
}

/// The fields of a delivery that a lead time ends with.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Delivery {
    pub id: Uuid,
    pub purchase_order_id: Uuid,
    pub actual_date: Option<Instant>,
}

/// The lead times of every ingredient that was delivered.
#[derive(Clone, Debug, Default)]
pub struct LeadTimes(BTreeMap<Uuid, Vec<(Micros, Uuid, f64)>>);

impl LeadTimes {
    /// Those of orders of the last quarter that have arrived.
    pub fn of(orders: &[Order], lines: &[OrderLine], deliveries: &[Delivery], now: Micros) -> Self {
        let placed: BTreeMap<Uuid, Micros> = orders
            .iter()
            .filter(|order| (now.saturating_sub(WINDOW)..now).contains(&order.order_date.0))
            .map(|order| (order.id, order.order_date.0))
            .collect();
        let arrived: BTreeMap<Uuid, (Micros, Uuid, f64)> = deliveries
            .iter()
            .filter_map(|delivery| {
                let (order, arrived) = (delivery.purchase_order_id, delivery.actual_date?.0);
                let days = days(arrived - placed.get(&order)?);
                Some((order, (arrived, delivery.id, days)))
            })
            .collect();
        let mut times: BTreeMap<Uuid, Vec<(Micros, Uuid, f64)>> = BTreeMap::new();
        for line in lines {
            if let Some(time) = arrived.get(&line.purchase_order_id) {
                times.entry(line.ingredient_id).or_default().push(*time);
            }
        }
        for times in times.values_mut() {
            // Those of one moment stay in the order of the records, which every session has alike.
            let mut seen = BTreeSet::new();
            times.retain(|(_, delivery, _)| seen.insert(*delivery));
            times.sort_by_key(|(arrived, _, _)| std::cmp::Reverse(*arrived));
        }
        Self(times)
    }

    /// Mean and variance in days, and the deliveries that they come from, the latest first. With too few
    /// of them it is what the item says; a product comes with the next drive.
    pub fn of_item(&self, item: &Item<'_>) -> (Spread, Vec<Uuid>) {
        let times = self.0.get(&item.id).map_or(&[][..], Vec::as_slice);
        let days: Vec<f64> = times.iter().map(|(_, _, days)| *days).collect();
        match Spread::of(&days) {
            Some(spread) if times.len() >= FEWEST => {
                (spread, times.iter().map(|(_, id, _)| *id).collect())
            }
            _ => {
                let mean = item.lead_time_days.map_or(NEXT_DRIVE, Decimal::to_f64);
                (
                    Spread {
                        mean,
                        variance: 0.0,
                    },
                    Vec::new(),
                )
            }
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a quarter in microseconds is far below 2^53"
)]
fn days(length: Micros) -> f64 {
    length as f64 / DAY as f64
}
