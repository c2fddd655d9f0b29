//! Customer orders and their lines. Orders are placed and delivered on working days (domain
//! specification, section 5).

use levain_plugin::time::{Clock, Micros, Stamp, Tense, align, at, day_of, time_of_day};
use levain_plugin::{Field, Record};
use serde::Deserialize;

/// An order of a customer.
#[derive(Debug, Deserialize)]
pub struct CustomerOrder {
    order_date: Stamp,
    delivery_date: Stamp,
}

impl Record for CustomerOrder {
    const ENTITY: &'static str = "customer_order";
    const FIELDS: &'static [Field<Self>] = &[
        Field::code("order_number", "ORD", |order, clock| {
            order.dates(clock).placed
        }),
        Field::id("customer_id"),
        Field::time("order_date", |order, clock| Some(order.dates(clock).placed)),
        Field::time("delivery_date", |order, clock| {
            Some(order.dates(clock).delivered)
        }),
    ];
}

/// The two dates of an order in a session.
struct Dates {
    placed: Micros,
    delivered: Micros,
}

impl CustomerOrder {
    /// Each date on a working day of its own tense, and the delivery never before the order.
    ///
    /// Both dates of a weekend land on the same day, where their wall times may stand the wrong way
    /// round. Then the order was placed a working day earlier; one that is still to be placed is
    /// delivered a working day later instead, since it may not become past. A marker does not move.
    fn dates(&self, clock: &Clock) -> Dates {
        let mut placed = clock.aligned(self.order_date, align::working_day);
        let mut delivered = clock.aligned(self.delivery_date, align::working_day);
        if delivered < placed {
            match clock.tense(placed) {
                _ if self.order_date.is_marker() => delivered = clock.resolve(self.delivery_date),
                Tense::Past => {
                    while delivered < placed {
                        placed = at(
                            align::working_day_before(day_of(placed)),
                            time_of_day(placed),
                        );
                    }
                }
                Tense::Future if self.delivery_date.is_marker() => {
                    placed = clock.resolve(self.order_date)
                }
                Tense::Future => {
                    while delivered < placed {
                        delivered = at(
                            align::working_day_after(day_of(delivered)),
                            time_of_day(delivered),
                        );
                    }
                }
            }
        }
        Dates { placed, delivered }
    }
}

/// One product of an order.
#[derive(Debug, Deserialize)]
pub struct OrderItem {}

impl Record for OrderItem {
    const ENTITY: &'static str = "order_item";
    const FIELDS: &'static [Field<Self>] =
        &[Field::id("customer_order_id"), Field::id("product_id")];
}

#[cfg(test)]
mod tests {
    use levain_plugin::time::{DAY, MINUTE, format, parse, weekday};
    use proptest::prelude::*;

    use super::*;

    const BASE: &str = "2025-12-13T06:00:00Z";

    fn dates(order: &str, delivery: &str, now: &str) -> (String, String) {
        let clock = Clock {
            now: parse(now).unwrap(),
            base: parse(BASE).unwrap(),
        };
        let order = CustomerOrder {
            order_date: Stamp::parse(order).unwrap(),
            delivery_date: Stamp::parse(delivery).unwrap(),
        };
        let Dates { placed, delivered } = order.dates(&clock);
        (format(placed), format(delivered))
    }

    #[test]
    fn a_weekend_goes_back_to_friday_and_on_to_monday() {
        // The session is on the base day itself, a Saturday.
        assert_eq!(
            dates("2025-12-06T10:00:00Z", "2025-12-21T09:00:00Z", BASE),
            (
                "2025-12-05T10:00:00Z".to_owned(),
                "2025-12-22T09:00:00Z".to_owned()
            )
        );
    }

    #[test]
    fn an_order_of_a_weekend_is_placed_before_it_is_delivered() {
        assert_eq!(
            dates("2025-12-06T18:00:00Z", "2025-12-07T09:00:00Z", BASE),
            (
                "2025-12-04T18:00:00Z".to_owned(),
                "2025-12-05T09:00:00Z".to_owned()
            )
        );
        assert_eq!(
            dates("2025-12-20T18:00:00Z", "2025-12-21T09:00:00Z", BASE),
            (
                "2025-12-22T18:00:00Z".to_owned(),
                "2025-12-23T09:00:00Z".to_owned()
            )
        );
    }

    #[test]
    fn markers_stay() {
        assert_eq!(
            dates("BASE_TS - 1d", "BASE_TS + 20h", "2026-03-01T12:00:00Z"),
            (
                "2026-02-28T12:00:00Z".to_owned(),
                "2026-03-02T08:00:00Z".to_owned()
            )
        );
    }

    proptest! {
        #[test]
        fn working_days_in_their_tense_and_order(
            now in 946_684_800_000_000..4_102_444_800_000_000_i64,
            offset in -60 * 24 * 60..20 * 24 * 60_i64,
            minutes in 0..9 * 24 * 60_i64,
        ) {
            let clock = Clock { now, base: parse(BASE).unwrap() };
            let order_date = clock.base + offset * MINUTE;
            let delivery_date = order_date + minutes * MINUTE;
            let order = CustomerOrder { order_date: Stamp::At(order_date), delivery_date: Stamp::At(delivery_date) };
            let Dates { placed, delivered } = order.dates(&clock);
            prop_assert!(placed <= delivered);
            for (before, after) in [(order_date, placed), (delivery_date, delivered)] {
                prop_assert!(!weekday(day_of(after)).is_weekend());
                prop_assert_eq!(before > clock.base, after > now);
                prop_assert_eq!(time_of_day(clock.shift(before)), time_of_day(after));
            }
            let later = order.dates(&Clock { now: now + 7 * DAY, ..clock });
            prop_assert_eq!((later.placed, later.delivered), (placed + 7 * DAY, delivered + 7 * DAY));
        }
    }
}
