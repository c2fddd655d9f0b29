//! Procurement saving: what was paid less than the reference prices (domain specification, section 4.1).

use levain_plugin::Decimal;
use levain_plugin::time::{DAY, Instant, Micros};
use serde::Deserialize;

/// How far back the window reaches, by order date: a month.
pub const WINDOW: Micros = 30 * DAY;

/// The fields of a purchase order that the saving is made of.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Order {
    status: Status,
    order_date: Instant,
    total_amount: Decimal,
    baseline_amount: Decimal,
}

/// Whether an order was placed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    /// It was drawn up and not placed.
    Draft,
    /// It was withdrawn: nothing is paid for it.
    Cancelled,
    /// It was placed, however far it has come since.
    #[serde(other)]
    Placed,
}

/// What placed orders cost, and what they would have cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saving {
    /// At the suppliers' list prices, VAT included, EUR.
    pub baseline: Decimal,
    /// At the prices that were agreed, VAT included, EUR.
    pub total: Decimal,
    /// The orders counted.
    pub orders: i64,
}

impl Saving {
    /// Counts an order placed in [now - 30 d, now). A draft is not placed, and a cancelled order saves
    /// nothing.
    pub fn add(&mut self, order: &Order, now: Micros) {
        let recent = (now.saturating_sub(WINDOW)..now).contains(&order.order_date.0);
        if recent && order.status == Status::Placed {
            self.baseline += order.baseline_amount;
            self.total += order.total_amount;
            self.orders += 1;
        }
    }

    /// The saving, to ten euros. A month without orders saved nothing, which is a figure too.
    pub fn euros(&self) -> Decimal {
        (self.baseline - self.total).rounded_to(Decimal::whole(10))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Micros = 1_772_445_600_000_000;

    fn order(date: Micros, status: Status, baseline: i64, total: i64) -> Order {
        Order {
            status,
            order_date: Instant(date),
            total_amount: Decimal::new(total, 2),
            baseline_amount: Decimal::new(baseline, 2),
        }
    }

    fn of(orders: &[Order]) -> Saving {
        let mut sum = Saving::default();
        orders.iter().for_each(|order| sum.add(order, NOW));
        sum
    }

    #[test]
    fn the_window_is_half_open() {
        for (date, counted) in [
            (NOW - WINDOW - 1, 0),
            (NOW - WINDOW, 1),
            (NOW - 1, 1),
            (NOW, 0),
        ] {
            let sum = of(&[order(date, Status::Placed, 100, 90)]);
            assert_eq!(sum.orders, counted, "{}", date - NOW);
        }
    }

    #[test]
    fn only_what_was_placed_saves() {
        for status in [Status::Draft, Status::Cancelled] {
            assert_eq!(of(&[order(NOW - 1, status, 100_000, 1)]), Saving::default());
        }
        assert_eq!(of(&[]).euros(), Decimal::ZERO);
    }

    #[test]
    fn fives_round_away_from_zero() {
        for (baseline, euros) in [(76_500, 770), (76_499, 760), (-76_500, -770)] {
            let sum = of(&[order(NOW - 1, Status::Placed, baseline, 0)]);
            assert_eq!(sum.euros(), Decimal::whole(euros));
        }
    }

    #[test]
    fn the_fields_of_a_stored_order() {
        let rows = r#"[{"id":"x","status":"SENT","order_date":"2026-03-01T10:00:00Z","total_amount":1.50,
            "baseline_amount":2,"reasoning_data":{"status":["DRAFT"]}},
            {"status":"CANCELLED","order_date":"2026-03-01T10:00:00Z","total_amount":1,"baseline_amount":2}]"#;
        let orders: Vec<Order> = serde_json::from_str(rows).unwrap();
        let sum = of(&orders);
        assert_eq!(
            (sum.baseline - sum.total, sum.orders),
            (Decimal::new(5, 1), 1)
        );
    }

    proptest! {
        #[test]
        fn neither_order_nor_what_is_long_ago_means_anything(
            (some, shuffled) in proptest::collection::vec((0..40_i64, 0..9_999_999_i64, 0..9_999_999_i64), 0..30)
                .prop_flat_map(|some| (Just(some.clone()), Just(some).prop_shuffle())),
        ) {
            let orders = |of: &[(i64, i64, i64)]| -> Vec<Order> {
                of.iter().map(|(days, baseline, total)| order(NOW - days * DAY, Status::Placed, *baseline, *total)).collect()
            };
            let before = of(&orders(&some));
            prop_assert_eq!(of(&orders(&shuffled)), before);
            let mut more = orders(&some);
            more.push(order(NOW - WINDOW - 1, Status::Placed, 5_000, 0));
            prop_assert_eq!(of(&more), before);
        }
    }
}
