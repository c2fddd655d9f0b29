//! Purchase orders and their lines.

use levain_plugin::time::{Clock, Micros, Stamp, align};
use levain_plugin::{Field, Record};
use serde::Deserialize;

/// An order at a supplier.
#[derive(Debug, Deserialize)]
pub struct PurchaseOrder {
    order_date: Stamp,
    #[serde(default)]
    expected_delivery_date: Option<Stamp>,
}

impl Record for PurchaseOrder {
    const ENTITY: &'static str = "purchase_order";
    const FIELDS: &'static [Field<Self>] = &[
        Field::code("po_number", "PO", Self::placed),
        Field::id("supplier_id"),
        Field::id("procurement_plan_id"),
        Field::shifted("order_date"),
        Field::time("expected_delivery_date", Self::expected),
        Field::shifted("approval_deadline"),
        Field::id("approved_by"),
        Field::shifted("approved_at"),
        Field::shifted("sent_at"),
        Field::shifted("cancelled_at"),
        Field::id("created_by"),
        Field::shifted("created_at"),
        Field::shifted("updated_at"),
    ];
}

impl PurchaseOrder {
    fn placed(&self, clock: &Clock) -> Micros {
        clock.resolve(self.order_date)
    }

    /// A delivery that is still to come and falls on a weekend comes on the next Monday (domain
    /// specification, section 5).
    fn expected(&self, clock: &Clock) -> Option<Micros> {
        Some(clock.aligned(self.expected_delivery_date?, align::future_weekend))
    }
}

/// One ingredient of a purchase order.
#[derive(Debug, Deserialize)]
pub struct PurchaseOrderItem {}

impl Record for PurchaseOrderItem {
    const ENTITY: &'static str = "purchase_order_item";
    const FIELDS: &'static [Field<Self>] =
        &[Field::id("purchase_order_id"), Field::id("ingredient_id")];
}

#[cfg(test)]
mod tests {
    use levain_plugin::time::{MINUTE, day_of, parse, time_of_day, weekday};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_is_expected_on_a_weekend_to_come(
            now in 946_684_800_000_000..4_102_444_800_000_000_i64, offset in -30 * 24 * 60..30 * 24 * 60_i64,
        ) {
            let clock = Clock { now, base: parse("2025-12-13T06:00:00Z").unwrap() };
            let date = clock.base + offset * MINUTE;
            let order = PurchaseOrder { order_date: Stamp::At(date), expected_delivery_date: Some(Stamp::At(date)) };
            let expected = order.expected(&clock).unwrap();
            if offset > 0 {
                prop_assert!(expected > now && !weekday(day_of(expected)).is_weekend());
                prop_assert_eq!(time_of_day(expected), time_of_day(clock.shift(date)));
            } else {
                prop_assert_eq!(expected, clock.shift(date));
            }
        }
    }
}
