//! Production fulfilment: how much of what was planned was made (domain specification, section 4.1).

use levain_plugin::Decimal;
use levain_plugin::time::{DAY, Micros};

use super::batch::{Batch, Status};

/// How far back the window reaches, by planned end.
pub const WINDOW: Micros = 7 * DAY;

/// What batches were to yield, and what of it they did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fulfilment {
    /// Sum of min(actual, planned): what was made beyond one batch's plan makes up for no other batch.
    pub made: Decimal,
    /// Sum of the planned quantities.
    pub planned: Decimal,
    /// The batches counted.
    pub batches: i64,
}

impl Fulfilment {
    /// Counts a batch whose planned end lies in [now - 7 d, now), unless it was cancelled. One that
    /// should have ended and yielded nothing yet counts as nothing made.
    pub fn add(&mut self, batch: &Batch, now: Micros) {
        let due = (now.saturating_sub(WINDOW)..now).contains(&batch.planned_end_time.0);
        if due && batch.status != Status::Cancelled {
            self.made += batch
                .actual_quantity
                .unwrap_or_default()
                .min(batch.planned_quantity);
            self.planned += batch.planned_quantity;
            self.batches += 1;
        }
    }

    /// The share made, whole percent; none where nothing was planned.
    pub fn percent(&self) -> Option<Decimal> {
        self.made.percent_of(self.planned, 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::batch::samples::{NOW, batch, batches};
    use super::*;
    use levain_plugin::time::Instant;

    fn of(batches: &[Batch]) -> Fulfilment {
        let mut sum = Fulfilment::default();
        batches.iter().for_each(|batch| sum.add(batch, NOW));
        sum
    }

    #[test]
    fn the_window_is_half_open() {
        for (end, counted) in [
            (NOW - WINDOW - 1, 0),
            (NOW - WINDOW, 1),
            (NOW - 1, 1),
            (NOW, 0),
        ] {
            let batch = Batch {
                planned_end_time: Instant(end),
                ..batch(100, Some(80))
            };
            assert_eq!(of(&[batch]).batches, counted, "{}", end - NOW);
        }
    }

    #[test]
    fn more_than_planned_makes_up_for_nothing() {
        let sum = of(&[batch(100, Some(110)), batch(100, Some(64)), batch(50, None)]);
        assert_eq!(
            (sum.made, sum.planned),
            (Decimal::whole(164), Decimal::whole(250))
        );
        // 65.6
        assert_eq!(sum.percent(), Some(Decimal::whole(66)));
    }

    #[test]
    fn cancelled_batches_were_not_planned_and_failed_ones_were() {
        let with = |status| Batch {
            status,
            ..batch(100, None)
        };
        assert_eq!(of(&[with(Status::Cancelled)]).percent(), None);
        assert_eq!(of(&[with(Status::Other)]).percent(), Some(Decimal::ZERO));
    }

    #[test]
    fn half_a_percent_is_rounded_up() {
        assert_eq!(
            of(&[batch(200, Some(173))]).percent(),
            Some(Decimal::whole(87))
        );
        assert_eq!(
            of(&[batch(1000, Some(864))]).percent(),
            Some(Decimal::whole(86))
        );
    }

    proptest! {
        #[test]
        fn the_order_of_batches_means_nothing((some, shuffled) in batches()) {
            prop_assert_eq!(of(&some), of(&shuffled));
        }

        #[test]
        fn what_lies_outside_the_window_means_nothing((mut some, _) in batches(), after in 0..900_i64) {
            let before = of(&some);
            some.push(Batch { planned_end_time: Instant(NOW + after * DAY), ..batch(7, Some(1)) });
            some.push(Batch { planned_end_time: Instant(NOW - WINDOW - 1 - after * DAY), ..batch(7, Some(1)) });
            prop_assert_eq!(of(&some), before);
        }

        #[test]
        fn it_is_a_share((some, _) in batches()) {
            let percent = of(&some).percent();
            prop_assert!(percent.is_none_or(|percent| percent >= Decimal::ZERO && percent <= Decimal::whole(100)));
        }
    }
}
