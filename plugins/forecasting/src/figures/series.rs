//! Sales and forecasts by product and day: what both figures of this domain compare.

use std::collections::BTreeMap;

use levain_plugin::time::{Date, Day, Instant, Micros, at};
use levain_plugin::{Decimal, Uuid};
use serde::Deserialize;

/// The fields of a day's sales that are compared.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Sale {
    pub product_id: Uuid,
    pub date: Date,
    pub quantity_sold: Decimal,
}

/// The fields of a forecast that are compared.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Forecast {
    pub product_id: Uuid,
    pub granularity: Granularity,
    /// The day that it is of.
    pub forecast_date: Date,
    /// When it was made.
    pub prediction_date: Instant,
    pub predicted_demand: Decimal,
}

/// How long the period of a forecast is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Granularity {
    /// One day: the only one that figures by day are made of.
    Daily,
    /// A longer one.
    #[serde(other)]
    Longer,
}

/// The first day before the session's that counts.
const FIRST: Day = -28;
/// The days that count: four weeks back and one ahead.
const DAYS: usize = 35;

/// What was sold and what was forecast, per product and day from 28 days before the session's day to
/// seven after it.
///
/// Product ids are unique over all tenants of a session, so the places of a group stay apart.
#[derive(Clone, Debug)]
pub struct Series {
    today: Day,
    products: BTreeMap<Uuid, [Cell; DAYS]>,
}

/// One product on one day.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cell {
    /// What was sold over all channels; none where no record tells.
    pub sold: Option<Decimal>,
    /// The forecast that counts, and when it was made.
    forecast: Option<(Micros, Decimal)>,
}

impl Cell {
    /// What was forecast.
    pub fn forecast(&self) -> Option<Decimal> {
        self.forecast.map(|(_, demand)| demand)
    }
}

impl Series {
    /// No sales and no forecasts around a day.
    pub const fn around(today: Day) -> Self {
        Self {
            today,
            products: BTreeMap::new(),
        }
    }

    /// Counts the sales of a product on a day through one channel.
    pub fn add_sale(&mut self, sale: &Sale) {
        if let Some(cell) = self.cell(sale.product_id, sale.date.0) {
            *cell.sold.get_or_insert_default() += sale.quantity_sold;
        }
    }

    /// Counts a daily forecast. Of several for the same day the latest that was made before that day
    /// counts, the one that the bakery planned with: what is "forecast" on the day itself or later is none.
    /// Two of one moment are the same to the figure whichever comes first: the larger one counts.
    pub fn add_forecast(&mut self, forecast: &Forecast) {
        let (day, made) = (forecast.forecast_date.0, forecast.prediction_date.0);
        if forecast.granularity != Granularity::Daily || made >= at(day, 0) {
            return;
        }
        if let Some(cell) = self.cell(forecast.product_id, day) {
            cell.forecast = cell.forecast.max(Some((made, forecast.predicted_demand)));
        }
    }

    /// The cells of some days, counted from the session's: `-28..0` are the four weeks before it.
    pub fn days(&self, days: std::ops::Range<Day>) -> impl Iterator<Item = &Cell> {
        self.products.values().flat_map(move |cells| {
            let place = |day: Day| usize::try_from(day - FIRST).unwrap_or_default();
            cells
                .get(place(days.start)..place(days.end))
                .unwrap_or_default()
        })
    }

    fn cell(&mut self, product: Uuid, day: Day) -> Option<&mut Cell> {
        let place = usize::try_from(day.checked_sub(self.today)? - FIRST).ok()?;
        if place >= DAYS {
            return None;
        }
        self.products
            .entry(product)
            .or_insert([Cell::default(); DAYS])
            .get_mut(place)
    }
}

#[cfg(test)]
pub mod samples {
    //! Sales and forecasts to compare.

    use levain_plugin::time::HOUR;
    use proptest::prelude::*;

    use super::*;

    pub const TODAY: Day = 20_514;

    pub fn sale(product: u128, day: Day, quantity: i64) -> Sale {
        Sale {
            product_id: Uuid::from_u128(product),
            date: Date(TODAY + day),
            quantity_sold: Decimal::whole(quantity),
        }
    }

    /// A forecast made the evening before its day.
    pub fn forecast(product: u128, day: Day, demand: i64) -> Forecast {
        Forecast {
            product_id: Uuid::from_u128(product),
            granularity: Granularity::Daily,
            forecast_date: Date(TODAY + day),
            prediction_date: Instant(at(TODAY + day - 1, 20 * HOUR)),
            predicted_demand: Decimal::whole(demand),
        }
    }

    pub fn of(sales: &[Sale], forecasts: &[Forecast]) -> Series {
        let mut series = Series::around(TODAY);
        sales.iter().for_each(|sale| series.add_sale(sale));
        forecasts
            .iter()
            .for_each(|forecast| series.add_forecast(forecast));
        series
    }

    type Numbers = Vec<(u128, Day, i64)>;

    /// Products, days and quantities in some order, and in another.
    pub fn numbers() -> impl Strategy<Value = (Numbers, Numbers)> {
        proptest::collection::vec((0..4_u128, -32..10_i64, 0..500_i64), 0..80)
            .prop_flat_map(|some| (Just(some.clone()), Just(some).prop_shuffle()))
    }

    pub fn sales(numbers: &[(u128, Day, i64)]) -> Vec<Sale> {
        numbers
            .iter()
            .map(|(product, day, quantity)| sale(*product, *day, *quantity))
            .collect()
    }

    pub fn forecasts(numbers: &[(u128, Day, i64)]) -> Vec<Forecast> {
        numbers
            .iter()
            .map(|(product, day, demand)| forecast(*product, *day, *demand))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use levain_plugin::time::HOUR;

    use super::samples::{TODAY, forecast, of, sale};
    use super::*;

    #[test]
    fn the_latest_forecast_made_before_its_day_counts() {
        let made = |hours: i64, demand| Forecast {
            prediction_date: Instant(at(TODAY - 3, hours * HOUR)),
            ..forecast(1, -3, demand)
        };
        for (forecasts, counts) in [
            (vec![made(-48, 10), made(-4, 20), made(-30, 30)], Some(20)),
            (vec![made(-4, 20), made(0, 99), made(5, 99)], Some(20)),
            (
                vec![Forecast {
                    prediction_date: Instant(at(TODAY - 3, -1)),
                    ..forecast(1, -3, 7)
                }],
                Some(7),
            ),
            (vec![made(0, 99)], None),
            (
                vec![Forecast {
                    granularity: Granularity::Longer,
                    ..forecast(1, -3, 7)
                }],
                None,
            ),
            (vec![made(-4, 10), made(-4, 20)], Some(20)),
            (vec![made(-4, 20), made(-4, 10)], Some(20)),
        ] {
            let series = of(&[], &forecasts);
            let found: Vec<Decimal> = series.days(-28..7).filter_map(Cell::forecast).collect();
            assert_eq!(
                found,
                counts.map(Decimal::whole).into_iter().collect::<Vec<_>>(),
                "{forecasts:?}"
            );
        }
    }

    #[test]
    fn channels_are_added_up_and_products_are_not() {
        let series = of(&[sale(1, -1, 10), sale(2, -1, 5), sale(1, -1, 3)], &[]);
        let sold: Vec<Decimal> = series.days(-1..0).filter_map(|cell| cell.sold).collect();
        assert_eq!(sold, [Decimal::whole(13), Decimal::whole(5)]);
    }

    #[test]
    fn days_that_do_not_count() {
        let series = of(
            &[sale(1, -29, 1), sale(1, 7, 1)],
            &[forecast(1, -29, 1), forecast(1, 7, 1)],
        );
        assert!(
            series
                .days(-28..7)
                .all(|cell| cell.sold.is_none() && cell.forecast().is_none())
        );
        let series = of(&[sale(1, -28, 1), sale(1, 6, 1)], &[]);
        assert_eq!(
            series
                .days(-28..7)
                .filter(|cell| cell.sold.is_some())
                .count(),
            2
        );
    }

    #[test]
    fn the_fields_of_stored_records() {
        let id = Uuid::from_u128(5);
        let sale: Sale = serde_json::from_str(&format!(
            r#"{{"product_id":"{id}","date":"2026-03-01","quantity_sold":4,"channel":"ONLINE"}}"#
        ))
        .unwrap();
        assert_eq!((sale.product_id, sale.date.0), (id, TODAY - 1));
        let forecast: Forecast = serde_json::from_str(&format!(
            r#"{{"product_id":"{id}","granularity":"weekly","forecast_date":"2026-03-02",
                "prediction_date":"2026-03-01T04:00:00Z","predicted_demand":20.5}}"#
        ))
        .unwrap();
        assert_eq!(
            (forecast.granularity, forecast.predicted_demand),
            (Granularity::Longer, Decimal::new(205, 1))
        );
    }
}
