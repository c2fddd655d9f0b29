//! The fields of a batch that figures are made of.

use levain_plugin::Decimal;
use levain_plugin::time::Instant;
use serde::Deserialize;

/// A stored batch.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Batch {
    /// Its state.
    pub status: Status,
    /// When it was to be done.
    pub planned_end_time: Instant,
    /// When it was done.
    pub actual_end_time: Option<Instant>,
    /// What it was to yield, in the product's unit.
    pub planned_quantity: Decimal,
    /// What it yielded that can be sold.
    pub actual_quantity: Option<Decimal>,
    /// What of it was discarded.
    pub waste_quantity: Option<Decimal>,
}

/// The states that a figure tells apart.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It was made and finished.
    Completed,
    /// It is not to be made any more.
    Cancelled,
    /// Any other.
    #[serde(other)]
    Other,
}

#[cfg(test)]
pub mod samples {
    //! Batches to count.

    use levain_plugin::time::{DAY, Micros};
    use proptest::prelude::*;

    use super::*;

    /// 2026-03-02T10:00:00Z, a Monday.
    pub const NOW: Micros = 1_772_445_600_000_000;

    /// A batch completed yesterday, as planned.
    pub fn batch(planned: i64, made: Option<i64>) -> Batch {
        Batch {
            status: Status::Completed,
            planned_end_time: Instant(NOW - DAY),
            actual_end_time: Some(Instant(NOW - DAY)),
            planned_quantity: Decimal::whole(planned),
            actual_quantity: made.map(Decimal::whole),
            waste_quantity: None,
        }
    }

    /// Batches of two months in some order, and in another.
    pub fn batches() -> impl Strategy<Value = (Vec<Batch>, Vec<Batch>)> {
        let status = prop_oneof![
            3 => Just(Status::Completed),
            1 => Just(Status::Cancelled),
            1 => Just(Status::Other),
        ];
        let quantity = || (0..2_000_000_i64).prop_map(|number| Decimal::new(number, 3));
        let one = (status, -60 * DAY..DAY, quantity(), quantity(), quantity()).prop_map(
            |(status, end, planned, made, waste)| Batch {
                status,
                planned_end_time: Instant(NOW + end),
                actual_end_time: Some(Instant(NOW + end)),
                planned_quantity: planned,
                actual_quantity: Some(made),
                waste_quantity: Some(waste),
            },
        );
        let some = proptest::collection::vec(one, 0..40);
        some.prop_flat_map(|some| (Just(some.clone()), Just(some).prop_shuffle()))
    }
}
