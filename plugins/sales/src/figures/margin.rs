//! Margin: what is left of the revenue after the cost of the goods (domain specification, section 4.1).

use levain_plugin::Decimal;
use levain_plugin::time::{Date, Day};
use serde::Deserialize;

/// The whole days before the session's day that count: four of each weekday.
pub const DAYS: i64 = 28;

/// The fields of a day's sales that the margin is made of.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Sale {
    date: Date,
    revenue: Decimal,
    cost: Decimal,
}

/// What was sold, and what it cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margin {
    /// Revenue without VAT, EUR.
    pub revenue: Decimal,
    /// Cost of the goods sold, EUR.
    pub cost: Decimal,
}

impl Margin {
    /// Counts the sales of one of the 28 whole days before `today`. Sales are told by days, so the
    /// window is one of days: half of a day's sales would be no fair share of it.
    pub fn add(&mut self, sale: &Sale, today: Day) {
        if (today - DAYS..today).contains(&sale.date.0) {
            self.revenue += sale.revenue;
            self.cost += sale.cost;
        }
    }

    /// The margin, whole percent of the revenue, negative where goods cost more; none without revenue.
    pub fn percent(&self) -> Option<Decimal> {
        (self.revenue - self.cost).percent_of(self.revenue, 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TODAY: Day = 20_514;

    fn sale(days: i64, revenue: i64, cost: i64) -> Sale {
        Sale {
            date: Date(TODAY + days),
            revenue: Decimal::new(revenue, 2),
            cost: Decimal::new(cost, 2),
        }
    }

    fn of(sales: &[Sale]) -> Margin {
        let mut sum = Margin::default();
        sales.iter().for_each(|sale| sum.add(sale, TODAY));
        sum
    }

    #[test]
    fn four_whole_weeks_before_today() {
        for (day, counted) in [(-29, false), (-28, true), (-1, true), (0, false)] {
            assert_eq!(
                of(&[sale(day, 100, 40)]).percent().is_some(),
                counted,
                "{day}"
            );
        }
    }

    #[test]
    fn of_sums_and_not_of_days() {
        let sum = of(&[sale(-1, 10_000, 5_000), sale(-2, 30_000, 9_000)]);
        assert_eq!(sum.percent(), Some(Decimal::whole(65)));
        assert_eq!(of(&[sale(-1, 200, 71)]).percent(), Some(Decimal::whole(65)));
        assert_eq!(
            of(&[sale(-1, 100, 150)]).percent(),
            Some(Decimal::whole(-50))
        );
        assert_eq!(of(&[sale(-1, 0, 150)]).percent(), None);
        assert_eq!(of(&[]).percent(), None);
    }

    proptest! {
        #[test]
        fn it_follows_sums_alone(
            (some, shuffled) in proptest::collection::vec((-40..10_i64, 0..999_999_i64, 0..999_999_i64), 0..60)
                .prop_flat_map(|some| (Just(some.clone()), Just(some).prop_shuffle())),
            times in 1..9_i64,
        ) {
            let sales = |of: &[(i64, i64, i64)], times| -> Vec<Sale> {
                of.iter().map(|(day, revenue, cost)| sale(*day, revenue * times, cost * times)).collect()
            };
            let before = of(&sales(&some, 1));
            prop_assert_eq!(of(&sales(&shuffled, 1)), before);
            prop_assert_eq!(of(&sales(&some, times)).percent(), before.percent());
            let mut more = sales(&some, 1);
            more.push(sale(0, 77, 5));
            more.push(sale(-29, 77, 5));
            prop_assert_eq!(of(&more), before);
        }
    }
}
