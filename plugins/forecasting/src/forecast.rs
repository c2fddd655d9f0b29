//! Demand forecasts: a daily series, and weeks (domain specification, section 5).

use std::ops::Range;

use levain_plugin::time::{Clock, Day, HOUR, Micros, Stamp, Tense, align, at, day_of};
use levain_plugin::{Field, Record};
use serde::Deserialize;

/// The days of daily forecasts that a session has, counted from its own: four weeks to compare with what
/// was sold, and the week to come.
const DAYS: Range<i64> = -28..7;

/// When last night's run made its forecasts.
const MADE_AT: Micros = 4 * HOUR;

/// The demand that one product is expected to meet in one day or week.
#[derive(Debug, Deserialize)]
pub struct Forecast {
    granularity: Granularity,
    forecast_date: Stamp,
    prediction_date: Stamp,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Granularity {
    Daily,
    Weekly,
}

impl Record for Forecast {
    const ENTITY: &'static str = "forecast";
    const FIELDS: &'static [Field<Self>] = &[
        Field::id("product_id"),
        Field::day("forecast_date", |forecast, clock| {
            Some(forecast.date(clock))
        }),
        Field::time("prediction_date", |forecast, clock| {
            Some(forecast.made(clock))
        }),
    ];

    fn keep(&self, clock: &Clock) -> bool {
        match (self.granularity, self.forecast_date.day()) {
            (Granularity::Daily, Some(day)) => clock.keeps(day, DAYS),
            _ => true,
        }
    }
}

impl Forecast {
    /// The day, on its own weekday; or the Monday that the week starts on. A week counts as past from its
    /// first day on, so that the current one goes back to its Monday.
    fn date(&self, clock: &Clock) -> Day {
        match self.granularity {
            Granularity::Daily => day_of(clock.series(self.forecast_date)),
            Granularity::Weekly => {
                let day = clock.resolve_day(self.forecast_date);
                let tense = if day > day_of(clock.now) {
                    Tense::Future
                } else {
                    Tense::Past
                };
                if self.forecast_date.is_marker() {
                    day
                } else {
                    align::monday_day(day, tense)
                }
            }
        }
    }

    /// When it was made. A daily forecast moves with its day, but those of the days to come were made
    /// "yesterday"; a weekly one is made on a Monday.
    fn made(&self, clock: &Clock) -> Micros {
        match (self.granularity, self.prediction_date) {
            (_, marker @ Stamp::Marker(_)) => clock.resolve(marker),
            (Granularity::Daily, date) => {
                clock.series(date).min(at(day_of(clock.now) - 1, MADE_AT))
            }
            (Granularity::Weekly, date) => clock.aligned(date, align::monday),
        }
    }
}

#[cfg(test)]
mod tests {
    use levain_plugin::time::{DAY, Weekday, format, format_day, parse, weekday};
    use proptest::prelude::*;

    use super::*;

    const BASE: &str = "2025-12-13T06:00:00Z";

    fn forecast(granularity: Granularity, date: &str, made: &str) -> Forecast {
        Forecast {
            granularity,
            forecast_date: Stamp::parse_day(date).unwrap(),
            prediction_date: Stamp::parse(made).unwrap(),
        }
    }

    fn clock(now: &str) -> Clock {
        Clock {
            now: parse(now).unwrap(),
            base: parse(BASE).unwrap(),
        }
    }

    #[test]
    fn what_is_to_come_was_made_yesterday() {
        // A Monday, two days into the week that the series counts from Saturdays.
        let clock = clock("2026-03-02T10:00:00Z");
        let next = forecast(Granularity::Daily, "2025-12-20", "2025-12-19T04:00:00Z");
        assert_eq!(format_day(next.date(&clock)), "2026-03-07");
        assert_eq!(format(next.made(&clock)), "2026-03-01T04:00:00Z");
        let past = forecast(Granularity::Daily, "2025-12-10", "2025-12-09T04:00:00Z");
        assert_eq!(format_day(past.date(&clock)), "2026-02-25");
        assert_eq!(format(past.made(&clock)), "2026-02-24T04:00:00Z");
    }

    #[test]
    fn a_week_starts_on_monday() {
        let clock = clock("2026-03-04T10:00:00Z");
        let this = forecast(Granularity::Weekly, "2025-12-13", "2025-12-12T04:00:00Z");
        assert_eq!(format_day(this.date(&clock)), "2026-03-02");
        assert_eq!(format(this.made(&clock)), "2026-03-02T08:00:00Z");
        let next = forecast(Granularity::Weekly, "2025-12-14", "2025-12-12T04:00:00Z");
        assert_eq!(format_day(next.date(&clock)), "2026-03-09");
    }

    proptest! {
        #[test]
        fn thirty_five_days_made_before_now(now in 946_684_800_000_000..4_102_444_800_000_000_i64) {
            let clock = Clock { now, base: parse(BASE).unwrap() };
            let base_day = day_of(clock.base);
            let kept: Vec<Day> = (-28..13)
                .map(|day| Forecast {
                    granularity: Granularity::Daily,
                    forecast_date: Stamp::At(at(base_day + day, 0)),
                    prediction_date: Stamp::At(at(base_day + day - 1, MADE_AT)),
                })
                .filter(|forecast| forecast.keep(&clock))
                .map(|forecast| {
                    assert!(forecast.made(&clock) < now);
                    assert!(day_of(forecast.made(&clock)) < forecast.date(&clock));
                    forecast.date(&clock) - day_of(now)
                })
                .collect();
            prop_assert_eq!(kept, (-28..7).collect::<Vec<Day>>());
        }

        #[test]
        fn weeks_keep_monday_and_tense(now in 946_684_800_000_000..4_102_444_800_000_000_i64, day in -60..60_i64) {
            let clock = Clock { now, base: parse(BASE).unwrap() };
            let forecast = Forecast {
                granularity: Granularity::Weekly,
                forecast_date: Stamp::At(at(day_of(clock.base) + day, 0)),
                prediction_date: Stamp::At(clock.base + day * DAY - HOUR),
            };
            prop_assert_eq!(weekday(forecast.date(&clock)), Weekday::Monday);
            prop_assert_eq!(forecast.date(&clock) > day_of(now), day > 0);
            prop_assert_eq!(weekday(day_of(forecast.made(&clock))), Weekday::Monday);
            prop_assert_eq!(forecast.made(&clock) > now, day > 0);
        }
    }
}
