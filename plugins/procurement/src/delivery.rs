//! Deliveries arrive in business hours (domain specification, section 5).

use levain_plugin::time::{Clock, Micros, Stamp, align};
use levain_plugin::{Field, Record};
use serde::Deserialize;

/// What a supplier brings for a purchase order.
#[derive(Debug, Deserialize)]
pub struct Delivery {
    expected_date: Stamp,
    #[serde(default)]
    actual_date: Option<Stamp>,
    created_at: Stamp,
}

impl Record for Delivery {
    const ENTITY: &'static str = "delivery";
    const FIELDS: &'static [Field<Self>] = &[
        Field::code("delivery_number", "DEL", Self::expected),
        Field::id("purchase_order_id"),
        Field::time("expected_date", |delivery, clock| {
            Some(delivery.expected(clock))
        }),
        Field::time("actual_date", Self::arrived),
        Field::id("received_by"),
        Field::time("created_at", |delivery, clock| {
            Some(delivery.announced(clock))
        }),
        Field::shifted("updated_at"),
    ];
}

impl Delivery {
    fn expected(&self, clock: &Clock) -> Micros {
        clock.aligned(self.expected_date, align::business_hours)
    }

    fn arrived(&self, clock: &Clock) -> Option<Micros> {
        Some(clock.aligned(self.actual_date?, align::business_hours))
    }

    /// When it was announced: never after it was expected or came, which business hours may have moved
    /// to the evening before.
    fn announced(&self, clock: &Clock) -> Micros {
        let announced = clock.resolve(self.created_at);
        if self.created_at.is_marker() {
            return announced;
        }
        let arrived = self.arrived(clock).unwrap_or(Micros::MAX);
        announced.min(self.expected(clock)).min(arrived)
    }
}

#[cfg(test)]
mod tests {
    use levain_plugin::time::{MINUTE, parse, time_of_day};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn business_hours_in_their_tense(
            now in 946_684_800_000_000..4_102_444_800_000_000_i64, offset in -30 * 24 * 60..30 * 24 * 60_i64,
        ) {
            let clock = Clock { now, base: parse("2025-12-13T06:00:00Z").unwrap() };
            let date = Stamp::At(clock.base + offset * MINUTE);
            let delivery = Delivery { expected_date: date, actual_date: Some(date), created_at: date };
            for time in [delivery.expected(&clock), delivery.arrived(&clock).unwrap()] {
                prop_assert!((align::OPENING..=align::CLOSING).contains(&time_of_day(time)));
                prop_assert_eq!(time > now, offset > 0);
                prop_assert!(delivery.announced(&clock) <= time);
            }
        }

        #[test]
        fn markers_are_exact_at_night(now in 946_684_800_000_000..4_102_444_800_000_000_i64) {
            let clock = Clock { now, base: 0 };
            let expected_date = Stamp::parse("BASE_TS - 4h").unwrap();
            let delivery = Delivery { expected_date, actual_date: None, created_at: expected_date };
            prop_assert_eq!(delivery.expected(&clock), now - 240 * MINUTE);
        }
    }
}
