//! Lots in stock: when one came in, and when it expires (domain specification, section 5).

use std::collections::BTreeMap;

use levain_plugin::time::{Clock, DAY, Micros, Stamp};
use levain_plugin::{Field, Record, Uuid};
use serde::Deserialize;

use crate::ingredient::Ingredient;

/// A lot of an ingredient or a product.
#[derive(Debug, Deserialize)]
pub struct Stock {
    ingredient_id: Uuid,
    received_date: Stamp,
    #[serde(default)]
    expiration_date: Option<Stamp>,
    /// Its ingredient's, which another segment of the slice knows.
    #[serde(skip)]
    shelf_life_days: Option<i64>,
}

impl Record for Stock {
    const ENTITY: &'static str = "stock";
    const FIELDS: &'static [Field<Self>] = &[
        Field::id("ingredient_id"),
        Field::id("supplier_id"),
        Field::parent_id("transfer_id"),
        Field::parent_id("source_batch_id"),
        Field::shifted("received_date"),
        Field::time("expiration_date", Self::expires),
        Field::shifted("created_at"),
        Field::shifted("updated_at"),
    ];
}

impl Stock {
    /// It expires its ingredient's shelf life after it was received. A marker is exact, and what the slice
    /// has no shelf life for keeps the date of the fixture, shifted.
    fn expires(&self, clock: &Clock) -> Option<Micros> {
        match (self.expiration_date, self.shelf_life_days) {
            (Some(date @ Stamp::Marker(_)), _) | (Some(date), None) => Some(clock.resolve(date)),
            (_, Some(days)) => Some(
                clock
                    .resolve(self.received_date)
                    .saturating_add(days.saturating_mul(DAY)),
            ),
            (None, None) => None,
        }
    }
}

/// Tells every lot the shelf life of its ingredient.
pub fn link<'a>(
    stock: impl Iterator<Item = &'a mut Stock>,
    ingredients: impl Iterator<Item = &'a Ingredient>,
) {
    let shelf_lives: BTreeMap<Uuid, i64> = ingredients
        .filter_map(|ingredient| Some((ingredient.id, ingredient.shelf_life_days?)))
        .collect();
    for lot in stock {
        lot.shelf_life_days = shelf_lives.get(&lot.ingredient_id).copied();
    }
}

#[cfg(test)]
mod tests {
    use levain_plugin::time::{HOUR, format, parse};
    use proptest::prelude::*;

    use super::*;

    const FLOUR: Uuid = Uuid::from_u128(1);

    fn lot(ingredient_id: Uuid, received: &str, expires: &str) -> Stock {
        Stock {
            ingredient_id,
            received_date: Stamp::parse(received).unwrap(),
            expiration_date: Some(Stamp::parse(expires).unwrap()),
            shelf_life_days: None,
        }
    }

    #[test]
    fn a_lot_expires_a_shelf_life_after_it_was_received() {
        let clock = Clock {
            now: parse("2026-03-02T10:00:00Z").unwrap(),
            base: parse("2025-12-13T06:00:00Z").unwrap(),
        };
        let mut lots = [
            lot(FLOUR, "2025-12-03T06:00:00Z", "2099-01-01T00:00:00Z"),
            lot(FLOUR, "BASE_TS - 28d", "BASE_TS + 2d"),
            lot(
                Uuid::from_u128(2),
                "2025-12-03T06:00:00Z",
                "2025-12-15T06:00:00Z",
            ),
        ];
        let flour = Ingredient {
            id: FLOUR,
            shelf_life_days: Some(30),
        };
        link(lots.iter_mut(), [flour].iter());
        let expire: Vec<String> = lots
            .iter()
            .filter_map(|lot| lot.expires(&clock))
            .map(format)
            .collect();
        assert_eq!(
            expire,
            [
                "2026-03-22T10:00:00Z",
                "2026-03-04T10:00:00Z",
                "2026-03-04T10:00:00Z"
            ]
        );
    }

    proptest! {
        #[test]
        fn shelf_life_holds_whenever_the_session_is(
            now in 946_684_800_000_000..4_102_444_800_000_000_i64, hours in -2_000..0_i64, days in 1..2_000_i64,
        ) {
            let clock = Clock { now, base: parse("2025-12-13T06:00:00Z").unwrap() };
            let lot = Stock {
                ingredient_id: FLOUR,
                received_date: Stamp::At(clock.base + hours * HOUR),
                expiration_date: Some(Stamp::At(0)),
                shelf_life_days: Some(days),
            };
            prop_assert_eq!(lot.expires(&clock), Some(clock.resolve(lot.received_date) + days * DAY));
        }
    }
}
