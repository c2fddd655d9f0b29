//! Forecast accuracy: how near the forecasts came to the sales (domain specification, section 4.1).

use levain_plugin::Decimal;

use super::series::Series;

/// The whole days before the session's day that count.
pub const DAYS: i64 = 28;

/// How far forecasts were off, and how much was sold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accuracy {
    /// Sum of abs(actual - forecast), units.
    pub missed: Decimal,
    /// Sum of actual, units.
    pub sold: Decimal,
    /// The days of products compared.
    pub compared: i64,
}

impl Accuracy {
    /// Compares every product with its forecast on each of the 28 whole days before the session's.
    ///
    /// A product that was forecast and has no sales that day sold nothing. A day that nobody forecast
    /// a product for says nothing about forecasts and is left out of both sums.
    pub fn of(series: &Series) -> Self {
        let mut sum = Self::default();
        for cell in series.days(-DAYS..0) {
            let Some(forecast) = cell.forecast() else {
                continue;
            };
            let sold = cell.sold.unwrap_or_default();
            sum.missed += (sold - forecast).abs();
            sum.sold += sold;
            sum.compared += 1;
        }
        sum
    }

    /// The accuracy, whole percent; below zero where forecasts were off by more than was sold; none
    /// where nothing was sold.
    pub fn percent(&self) -> Option<Decimal> {
        (self.sold - self.missed).percent_of(self.sold, 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::series::samples::{forecast, forecasts, numbers, of, sale, sales};
    use super::*;

    fn percent(series: &Series) -> Option<i64> {
        Accuracy::of(series).percent().map(Decimal::trunc)
    }

    #[test]
    fn four_whole_weeks_before_today() {
        for (day, compared) in [(-29, 0), (-28, 1), (-1, 1), (0, 0)] {
            let series = of(&[sale(1, day, 10)], &[forecast(1, day, 9)]);
            assert_eq!(Accuracy::of(&series).compared, compared, "{day}");
        }
    }

    #[test]
    fn misses_do_not_make_up_for_each_other() {
        let sold = [sale(1, -1, 100), sale(1, -2, 100), sale(2, -1, 50)];
        let made = [
            forecast(1, -1, 110),
            forecast(1, -2, 90),
            forecast(2, -1, 50),
        ];
        assert_eq!(percent(&of(&sold, &made)), Some(92));
    }

    #[test]
    fn what_was_forecast_and_not_sold_is_a_miss() {
        let series = of(
            &[sale(1, -1, 100)],
            &[forecast(1, -1, 100), forecast(2, -1, 30)],
        );
        assert_eq!(percent(&series), Some(70));
        assert_eq!(percent(&of(&[], &[forecast(2, -1, 30)])), None);
        let series = of(&[sale(1, -1, 10)], &[forecast(1, -1, 25)]);
        assert_eq!(percent(&series), Some(-50));
    }

    #[test]
    fn what_was_not_forecast_says_nothing() {
        let series = of(
            &[sale(1, -1, 100), sale(2, -1, 500)],
            &[forecast(1, -1, 100)],
        );
        assert_eq!(percent(&series), Some(100));
        assert_eq!(percent(&of(&[sale(1, -1, 100)], &[])), None);
    }

    #[test]
    fn half_a_percent_is_rounded_away_from_zero() {
        assert_eq!(
            percent(&of(&[sale(1, -1, 200)], &[forecast(1, -1, 183)])),
            Some(92)
        );
        assert_eq!(
            percent(&of(&[sale(1, -1, 200)], &[forecast(1, -1, 501)])),
            Some(-51)
        );
    }

    proptest! {
        #[test]
        fn the_order_of_records_means_nothing((sold, sold_too) in numbers(), (made, made_too) in numbers()) {
            let one = Accuracy::of(&of(&sales(&sold), &forecasts(&made)));
            let other = Accuracy::of(&of(&sales(&sold_too), &forecasts(&made_too)));
            prop_assert_eq!(one, other);
        }

        #[test]
        fn forecasts_that_were_right_are_right((numbers, _) in numbers()) {
            let sold = |product, day| {
                let of_day = numbers.iter().filter(|(of, on, _)| (*of, *on) == (product, day));
                of_day.map(|(_, _, quantity)| quantity).sum()
            };
            let days = (0..4).flat_map(|product| (-28..0).map(move |day| (product, day)));
            let made: Vec<_> = days.map(|(product, day)| forecast(product, day, sold(product, day))).collect();
            prop_assert!(percent(&of(&sales(&numbers), &made)).is_none_or(|percent| percent == 100));
        }

        #[test]
        fn other_days_mean_nothing((numbers, _) in numbers(), day in 0..7_i64) {
            let (sold, made) = (sales(&numbers), forecasts(&numbers));
            let before = Accuracy::of(&of(&sold, &made));
            let more: Vec<_> = sold.into_iter().chain([sale(1, day, 50), sale(1, -29 - day, 50)]).collect();
            let later: Vec<_> = made.into_iter().chain([forecast(1, day, 5), forecast(1, -29 - day, 5)]).collect();
            prop_assert_eq!(Accuracy::of(&of(&more, &later)), before);
        }
    }
}
