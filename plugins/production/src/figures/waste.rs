//! Waste reduction: how much less is wasted now than four weeks ago (domain specification, section 4.1).

use levain_plugin::Decimal;
use levain_plugin::time::{DAY, Micros};

use super::batch::{Batch, Status};

/// The length of either period, by actual end.
pub const PERIOD: Micros = 28 * DAY;

/// What the batches of one period yielded and wasted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// Sum of the quantities discarded.
    pub waste: Decimal,
    /// Sum of the quantities fit for sale.
    pub made: Decimal,
}

/// The two periods that are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waste {
    /// Batches completed in [now - 28 d, now).
    pub now: Period,
    /// Batches completed in [now - 56 d, now - 28 d).
    pub before: Period,
}

impl Waste {
    /// Counts a completed batch into the period that it ended in.
    pub fn add(&mut self, batch: &Batch, now: Micros) {
        let Some(end) = batch
            .actual_end_time
            .filter(|_| batch.status == Status::Completed)
        else {
            return;
        };
        let (start, turn) = (now.saturating_sub(2 * PERIOD), now.saturating_sub(PERIOD));
        let period = if (turn..now).contains(&end.0) {
            &mut self.now
        } else if (start..turn).contains(&end.0) {
            &mut self.before
        } else {
            return;
        };
        period.waste += batch.waste_quantity.unwrap_or_default();
        period.made += batch.actual_quantity.unwrap_or_default();
    }

    /// By how much waste per quantity made went down, whole percent, negative where it went up; none
    /// where a period made nothing, or there was no waste to reduce.
    pub fn percent(&self) -> Option<Decimal> {
        // 1 - (w / m) / (w' / m') = (w' m - w m') / (w' m), without a quotient to round in between.
        let whole = self.before.waste.times(self.now.made);
        let left = self.now.waste.times(self.before.made);
        (self.before.made > Decimal::ZERO)
            .then(|| (whole - left).percent_of(whole, 0))
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::batch::samples::{NOW, batch, batches};
    use super::*;
    use levain_plugin::time::Instant;

    fn of(batches: &[Batch]) -> Waste {
        let mut sum = Waste::default();
        batches.iter().for_each(|batch| sum.add(batch, NOW));
        sum
    }

    fn ended(end: Micros, made: i64, waste: i64) -> Batch {
        Batch {
            actual_end_time: Some(Instant(end)),
            waste_quantity: Some(Decimal::whole(waste)),
            ..batch(made, Some(made))
        }
    }

    #[test]
    fn periods_are_half_open() {
        for (end, now, before) in [
            (NOW - 2 * PERIOD - 1, 0, 0),
            (NOW - 2 * PERIOD, 0, 5),
            (NOW - PERIOD - 1, 0, 5),
            (NOW - PERIOD, 5, 0),
            (NOW - 1, 5, 0),
            (NOW, 0, 0),
        ] {
            let sum = of(&[ended(end, 90, 5)]);
            assert_eq!(
                (sum.now.waste, sum.before.waste),
                (Decimal::whole(now), Decimal::whole(before)),
                "{}",
                end - NOW
            );
        }
    }

    #[test]
    fn waste_is_counted_per_quantity_made() {
        // 10 % of twice as much, then 8.3 %.
        let sum = of(&[ended(NOW - 30 * DAY, 200, 20), ended(NOW - DAY, 100, 8)]);
        assert_eq!(sum.percent(), Some(Decimal::whole(20)));
        let sum = of(&[ended(NOW - 30 * DAY, 200, 20), ended(NOW - DAY, 100, 15)]);
        assert_eq!(sum.percent(), Some(Decimal::whole(-50)));
    }

    #[test]
    fn nothing_to_compare_with_is_no_figure() {
        assert_eq!(of(&[]).percent(), None);
        assert_eq!(of(&[ended(NOW - DAY, 100, 8)]).percent(), None);
        assert_eq!(of(&[ended(NOW - 30 * DAY, 100, 8)]).percent(), None);
        let spotless = [ended(NOW - 30 * DAY, 100, 0), ended(NOW - DAY, 100, 8)];
        assert_eq!(of(&spotless).percent(), None);
        let all_gone = [ended(NOW - 30 * DAY, 0, 8), ended(NOW - DAY, 100, 8)];
        assert_eq!(of(&all_gone).percent(), None);
    }

    #[test]
    fn only_completed_batches_count() {
        let failed = Batch {
            status: Status::Other,
            ..ended(NOW - DAY, 100, 50)
        };
        assert_eq!(of(&[failed]), Waste::default());
    }

    proptest! {
        #[test]
        fn the_order_of_batches_means_nothing((some, shuffled) in batches()) {
            prop_assert_eq!(of(&some), of(&shuffled));
        }

        #[test]
        fn as_much_of_everything_is_the_same_reduction((some, _) in batches(), times in 2..9_usize) {
            let more: Vec<Batch> = some.iter().flat_map(|batch| std::iter::repeat_n(*batch, times)).collect();
            prop_assert_eq!(of(&more).percent(), of(&some).percent());
        }

        #[test]
        fn waste_never_falls_by_more_than_there_was((some, _) in batches()) {
            prop_assert!(of(&some).percent().is_none_or(|percent| percent <= Decimal::whole(100)));
        }
    }
}
