//! Next week's demand against last week's sales (domain specification, section 4.1).

use levain_plugin::Decimal;

use super::series::{Cell, Series};

/// The days of either week.
pub const DAYS: i64 = 7;

/// What is expected in the seven days from the session's on, and what was sold in the seven before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Sum of the forecasts of the seven days from the session's day on, units.
    pub expected: Decimal,
    /// Sum of the sales of the seven whole days before it, units.
    pub sold: Decimal,
}

impl Demand {
    /// Adds up both weeks. Of several forecasts of one day the same one counts as for the accuracy.
    pub fn of(series: &Series) -> Self {
        Self {
            expected: series.days(0..DAYS).filter_map(Cell::forecast).sum(),
            sold: series.days(-DAYS..0).filter_map(|cell| cell.sold).sum(),
        }
    }

    /// The change, whole percent; none where nothing was sold.
    pub fn percent(&self) -> Option<Decimal> {
        (self.expected - self.sold).percent_of(self.sold, 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::series::samples::{forecast, forecasts, numbers, of, sale, sales};
    use super::*;

    #[test]
    fn a_week_on_either_side_of_today() {
        for (day, expected, sold) in [
            (-8, 0, 0),
            (-7, 0, 10),
            (-1, 0, 10),
            (0, 9, 0),
            (6, 9, 0),
            (7, 0, 0),
        ] {
            let sum = Demand::of(&of(&[sale(1, day, 10)], &[forecast(1, day, 9)]));
            assert_eq!(
                (sum.expected, sum.sold),
                (Decimal::whole(expected), Decimal::whole(sold)),
                "{day}"
            );
        }
    }

    #[test]
    fn more_less_and_nothing_to_compare_with() {
        let week = |demand, sold| {
            Demand::of(&of(&[sale(1, -1, sold)], &[forecast(1, 0, demand)])).percent()
        };
        assert_eq!(week(112, 100), Some(Decimal::whole(12)));
        assert_eq!(week(88, 100), Some(Decimal::whole(-12)));
        assert_eq!(week(225, 200), Some(Decimal::whole(13)));
        assert_eq!(week(175, 200), Some(Decimal::whole(-13)));
        assert_eq!(week(5, 0), None);
    }

    proptest! {
        #[test]
        fn the_order_of_records_means_nothing((sold, sold_too) in numbers(), (made, made_too) in numbers()) {
            let one = Demand::of(&of(&sales(&sold), &forecasts(&made)));
            prop_assert_eq!(one, Demand::of(&of(&sales(&sold_too), &forecasts(&made_too))));
        }

        #[test]
        fn twice_as_much_of_everything_is_the_same_change((some, _) in numbers(), times in 1..9_i64) {
            let more: Vec<_> = some.iter().map(|(product, day, quantity)| (*product, *day, quantity * times)).collect();
            let of = |numbers: &[_]| Demand::of(&of(&sales(numbers), &forecasts(numbers))).percent();
            prop_assert_eq!(of(&some), of(&more));
        }
    }
}
