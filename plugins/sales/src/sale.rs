//! What a day sold of one product.

use std::ops::Range;

use levain_plugin::time::{Clock, Day, Stamp, day_of};
use levain_plugin::{Field, Record};
use serde::Deserialize;

/// The days of history that a session starts with, counted from its own day.
const HISTORY: Range<i64> = -90..0;

/// A day's sales of one product through one channel: a daily series, which keeps its weekdays.
#[derive(Debug, Deserialize)]
pub struct Sale {
    date: Stamp,
}

impl Record for Sale {
    const ENTITY: &'static str = "sale";
    const FIELDS: &'static [Field<Self>] =
        &[Field::id("product_id"), Field::day("date", Self::day)];

    fn keep(&self, clock: &Clock) -> bool {
        self.date.day().is_none_or(|day| clock.keeps(day, HISTORY))
    }
}

impl Sale {
    fn day(&self, clock: &Clock) -> Option<Day> {
        Some(day_of(clock.series(self.date)))
    }
}

#[cfg(test)]
mod tests {
    use levain_plugin::time::{DAY, Micros, parse, weekday};
    use proptest::prelude::*;

    use super::*;

    const BASE: &str = "2025-12-13T06:00:00Z";

    proptest! {
        #[test]
        fn ninety_days_on_their_own_weekdays(now in 946_684_800_000_000..4_102_444_800_000_000_i64) {
            let base: Micros = parse(BASE).unwrap();
            let clock = Clock { now, base };
            let kept: Vec<(Day, Day)> = (-90..6)
                .map(|day| Sale { date: Stamp::At(base - base % DAY + day * DAY) })
                .filter(|sale| sale.keep(&clock))
                .filter_map(|sale| Some((sale.date.day()?, sale.day(&clock)? )))
                .collect();
            prop_assert_eq!(kept.len(), 90);
            prop_assert!(kept.iter().all(|(before, after)| weekday(*before) == weekday(*after)));
            prop_assert_eq!(kept.last().map(|(_, day)| *day), Some(day_of(now) - 1));
        }
    }
}
