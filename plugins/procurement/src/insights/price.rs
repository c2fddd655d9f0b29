//! Price trends: a straight line through what was paid for an ingredient.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use levain_plugin::product::{Figure, Impact, Insight, Params, Source, Subject};
use levain_plugin::time::{DAY, Instant, Micros};
use levain_plugin::{Decimal, Uuid, spanish};
use serde::Deserialize;

/// The fewest purchases that show a trend.
const FEWEST: usize = 4;
/// The least change of the fitted price over the window that is worth a word, as a share.
const LEAST_CHANGE: f64 = 0.03;
/// The least share of the variance that the line must explain: below it, prices just vary.
const LEAST_FIT: f64 = 0.5;
/// The least money in a month that is worth a word, EUR.
const LEAST_MONEY: f64 = 5.0;
/// Days of a month, and of the window.
const MONTH: f64 = 30.0;
const DAYS: f64 = 90.0;

/// The fields of a purchase order that a price is told by.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Order {
    id: Uuid,
    status: Status,
    order_date: Instant,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Draft,
    Cancelled,
    #[serde(other)]
    Placed,
}

/// The fields of an order's line that a price is told by.
#[derive(Clone, Debug, Deserialize)]
pub struct Line<'a> {
    id: Uuid,
    purchase_order_id: Uuid,
    ingredient_id: Uuid,
    #[serde(borrow)]
    ingredient_name: Cow<'a, str>,
    #[serde(borrow)]
    unit: Cow<'a, str>,
    ordered_quantity: Decimal,
    unit_price: Decimal,
}

/// How the price of an ingredient goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// The ingredient.
    pub ingredient: Uuid,
    /// What the change costs or saves in a month, EUR.
    pub money: f64,
    /// Its name.
    pub name: String,
    unit: String,
    /// The fitted price at the first and at the last purchase, EUR.
    first: f64,
    last: f64,
    /// Days between the first and the last purchase.
    days: f64,
    /// Share of the variance that the line explains.
    fit: f64,
    /// The lines, the latest first.
    lines: Vec<Uuid>,
    orders: Vec<Uuid>,
}

/// One purchase: when, for how much, how much of it.
struct Purchase<'l, 'a> {
    at: Micros,
    line: &'l Line<'a>,
}

/// The trends that are worth a word, by ingredient.
pub fn trends(orders: &[Order], lines: &[Line<'_>], window: &Range<Micros>) -> Vec<Trend> {
    let placed: BTreeMap<Uuid, Micros> = orders
        .iter()
        .filter(|order| order.status == Status::Placed && window.contains(&order.order_date.0))
        .map(|order| (order.id, order.order_date.0))
        .collect();
    let mut bought: BTreeMap<Uuid, Vec<Purchase<'_, '_>>> = BTreeMap::new();
    for line in lines {
        if let Some(at) = placed.get(&line.purchase_order_id) {
            let purchases = bought.entry(line.ingredient_id).or_default();
            purchases.push(Purchase { at: *at, line });
        }
    }
    bought.into_values().filter_map(trend).collect()
}

fn trend(mut purchases: Vec<Purchase<'_, '_>>) -> Option<Trend> {
    // Those of one moment stay in the order of the records: ids are another session's, and would tell two
    // sessions of one clock apart.
    purchases.sort_by_key(|purchase| purchase.at);
    let (first, last) = (purchases.first()?, purchases.last()?);
    if purchases.len() < FEWEST {
        return None;
    }
    let points: Vec<(f64, f64)> = purchases
        .iter()
        .map(|purchase| {
            (
                days(purchase.at - first.at),
                purchase.line.unit_price.to_f64(),
            )
        })
        .collect();
    let span = days(last.at - first.at);
    let line = Fit::through(&points)?;
    let (before, after) = (line.at(0.0), line.at(span));
    let change = (after - before) / before;
    if before <= 0.0 || change.abs() < LEAST_CHANGE || line.fit < LEAST_FIT {
        return None;
    }
    let quantity: Decimal = purchases
        .iter()
        .map(|purchase| purchase.line.ordered_quantity)
        .sum();
    let money = (after - before).abs() * quantity.to_f64() * MONTH / DAYS;
    if money < LEAST_MONEY {
        return None;
    }
    Some(Trend {
        ingredient: first.line.ingredient_id,
        money,
        name: last.line.ingredient_name.clone().into_owned(),
        unit: last.line.unit.clone().into_owned(),
        first: before,
        last: after,
        days: span,
        fit: line.fit,
        lines: purchases
            .iter()
            .rev()
            .map(|purchase| purchase.line.id)
            .collect(),
        orders: purchases
            .iter()
            .rev()
            .map(|purchase| purchase.line.purchase_order_id)
            .collect(),
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a quarter in microseconds is far below 2^53"
)]
fn days(length: Micros) -> f64 {
    length as f64 / DAY as f64
}

/// A line of least squares.
struct Fit {
    slope: f64,
    level: f64,
    /// R²: the share of the variance that the line explains.
    fit: f64,
}

impl Fit {
    /// None where all points stand at one place, or at one height.
    fn through(points: &[(f64, f64)]) -> Option<Self> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "an ingredient is bought some dozen times"
        )]
        let count = points.len() as f64;
        let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
        let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (x, y) in points {
            let (x, y) = (x - mean_x, y - mean_y);
            xx += x * x;
            xy += x * y;
            yy += y * y;
        }
        if xx <= 0.0 || yy <= 0.0 {
            return None;
        }
        let slope = xy / xx;
        Some(Self {
            slope,
            level: mean_y - slope * mean_x,
            fit: xy * xy / (xx * yy),
        })
    }

    fn at(&self, x: f64) -> f64 {
        self.level + self.slope * x
    }
}

impl Trend {
    /// What is said of it.
    pub fn insight(&self, window: &Range<Micros>) -> Option<Insight> {
        let percent = Decimal::nearest(100.0 * (self.last - self.first).abs() / self.first, 1)?;
        // What costs cents is told to the tenth of a cent.
        let places = if self.first < 1.0 { 3 } else { 2 };
        let price = |price: f64| Decimal::nearest(price, places);
        let (first, last) = (price(self.first)?, price(self.last)?);
        let priced = |price: Decimal| format!("{} €", spanish::fixed(price, places));
        let money = Decimal::nearest(self.money, 0)?;
        let days = Decimal::nearest(self.days, 0)?;
        let count = self.lines.len();
        let rises = self.last > self.first;
        let (moved, more, advice) = if rises {
            (
                "ha subido",
                "más",
                "Conviene pedir oferta a otro proveedor o cerrar el precio del trimestre.",
            )
        } else {
            (
                "ha bajado",
                "menos",
                "Conviene comprar lo justo y revisar el precio acordado con el proveedor.",
            )
        };
        let statement = format!(
            "El precio de {} {moved} un {} % en {} días, de {} a {} por {}: al ritmo de compra actual son unos {} {more} al mes. {advice}",
            spanish::inside(&self.name),
            spanish::number(percent),
            spanish::number(days),
            priced(first),
            priced(last),
            if self.unit == "units" {
                "unidad"
            } else {
                &self.unit
            },
            priced_whole(money),
        );
        let unit = format!("EUR/{}", self.unit);
        Some(Insight {
            kind: "price_trend",
            statement,
            key: if rises {
                "insights.price_trend.rises"
            } else {
                "insights.price_trend.falls"
            },
            params: Params::new()
                .with("ingredient", self.name.as_str())
                .with("change_percent", percent)
                .with("days", days)
                .with("price_before", first)
                .with("price_now", last)
                .with("unit", self.unit.as_str())
                .with("money_eur", money),
            subject: Subject {
                domain: "inventory",
                entity: "ingredient",
                id: self.ingredient,
                name: self.name.clone(),
            },
            figures: vec![
                Figure::new("price_before", first, unit.as_str()),
                Figure::new("price_now", last, unit),
                Figure::new(
                    "purchases",
                    Decimal::whole(i64::try_from(count).ok()?),
                    "count",
                ),
                Figure::new("r_squared", Decimal::nearest(self.fit, 3)?, "share"),
            ],
            confidence: Decimal::nearest(self.fit * certainty(count), 2)?,
            impact: Impact {
                money_eur: Some(money),
                ..Impact::default()
            },
            computed_from: [
                Source::of(
                    "procurement",
                    "purchase_order_item",
                    self.lines.iter().copied(),
                ),
                Source::of("procurement", "purchase_order", self.orders.iter().copied()),
            ]
            .into_iter()
            .flatten()
            .collect(),
            window: window.clone(),
        })
    }
}

fn priced_whole(money: Decimal) -> String {
    format!("{} €", spanish::number(money))
}

/// How far so many points can be believed: two lie on a line by themselves.
fn certainty(points: usize) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "an ingredient is bought some dozen times"
    )]
    let points = points as f64;
    (points - 2.0) / points
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Micros = 1_772_445_600_000_000;
    const WINDOW: Range<Micros> = NOW - 90 * DAY..NOW;

    /// Orders so many days ago with one line of ten kilograms each, at a price in cents.
    fn bought(purchases: &[(i64, i64)]) -> (Vec<Order>, Vec<Line<'static>>) {
        let number = |index: usize| Uuid::from_u128(index as u128 + 1);
        let orders = purchases.iter().enumerate().map(|(index, (ago, _))| Order {
            id: number(index),
            status: Status::Placed,
            order_date: Instant(NOW - ago * DAY),
        });
        let lines = purchases
            .iter()
            .enumerate()
            .map(|(index, (_, cents))| Line {
                id: number(index + 100),
                purchase_order_id: number(index),
                ingredient_id: Uuid::from_u128(7),
                ingredient_name: "Mantequilla".into(),
                unit: "kg".into(),
                ordered_quantity: Decimal::whole(10),
                unit_price: Decimal::new(*cents, 2),
            });
        (orders.collect(), lines.collect())
    }

    fn of(purchases: &[(i64, i64)]) -> Vec<Trend> {
        let (orders, lines) = bought(purchases);
        trends(&orders, &lines, &WINDOW)
    }

    #[test]
    fn a_rise_is_what_the_line_says() {
        let found = of(&[(60, 600), (40, 620), (20, 640), (1, 659)]);
        let insight = found[0].insight(&WINDOW).unwrap();
        assert_eq!(found.len(), 1);
        assert!((found[0].first - 6.0).abs() < 0.01 && (found[0].last - 6.59).abs() < 0.01);
        // 0.59 EUR more for each of the 40 kg of ninety days, by the month.
        assert_eq!(insight.impact.money_eur, Some(Decimal::whole(8)));
        assert!(
            insight
                .statement
                .starts_with("El precio de mantequilla ha subido un 9,8 % en 59 días"),
            "{}",
            insight.statement
        );
        assert_eq!(insight.confidence, Decimal::new(5, 1));
    }

    #[test]
    fn a_fall_is_told_as_one() {
        let found = of(&[(60, 659), (40, 640), (20, 620), (1, 600)]);
        let insight = found[0].insight(&WINDOW).unwrap();
        assert!(
            insight.statement.contains("ha bajado"),
            "{}",
            insight.statement
        );
    }

    #[test]
    fn noise_small_changes_and_few_purchases_are_no_trend() {
        assert!(
            of(&[(60, 600), (40, 700), (20, 590), (1, 640)]).is_empty(),
            "noise"
        );
        assert!(
            of(&[(60, 600), (40, 605), (20, 610), (1, 615)]).is_empty(),
            "under 3 %"
        );
        assert!(of(&[(60, 600), (30, 640), (1, 680)]).is_empty(), "three");
        assert!(
            of(&[(60, 600), (40, 600), (20, 600), (1, 600)]).is_empty(),
            "level"
        );
        assert!(
            of(&[(5, 600), (5, 620), (5, 640), (5, 660)]).is_empty(),
            "one day"
        );
    }

    #[test]
    fn drafts_and_what_is_outside_the_window_do_not_count() {
        let (mut orders, lines) = bought(&[(60, 600), (40, 620), (20, 640), (1, 659)]);
        orders[0].status = Status::Draft;
        assert!(trends(&orders, &lines, &WINDOW).is_empty());
        let (mut orders, lines) = bought(&[(60, 600), (40, 620), (20, 640), (1, 659)]);
        orders[0].order_date = Instant(WINDOW.start - 1);
        assert!(trends(&orders, &lines, &WINDOW).is_empty());
    }

    proptest! {
        #[test]
        fn the_order_of_the_records_does_not_matter(
            prices in proptest::collection::vec(100..900_i64, 4..12),
            turn in 0..12_usize,
        ) {
            let purchases: Vec<(i64, i64)> = (1..).map(|at| 7 * at).zip(prices).collect();
            let (mut orders, mut lines) = bought(&purchases);
            let before = trends(&orders, &lines, &WINDOW);
            let places = lines.len();
            lines.rotate_left(turn % places);
            orders.reverse();
            prop_assert_eq!(trends(&orders, &lines, &WINDOW), before);
        }
    }
}
