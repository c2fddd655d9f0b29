//! Calendar alignment: onto working days, Mondays and business hours.
//!
//! Every rule takes the [`Tense`] of its instant and moves a past one backwards and a future one
//! forwards, so none can carry an instant across the data clock. The wall time stays, but in
//! [`business_hours`]. Apply them through [`Clock::aligned`](super::Clock::aligned), which leaves
//! markers alone.

use super::{Day, HOUR, Micros, Tense, at, day_of, time_of_day, weekday};

/// Deliveries arrive from this time of day on.
pub const OPENING: Micros = 8 * HOUR;
/// Deliveries arrive until this time of day, included.
pub const CLOSING: Micros = 20 * HOUR;

/// Onto Monday to Friday: a past weekend goes back to Friday, a future one on to Monday.
pub const fn working_day(instant: Micros, tense: Tense) -> Micros {
    let day = day_of(instant);
    if !weekday(day).is_weekend() {
        return instant;
    }
    let to = match tense {
        Tense::Past => monday_day(day, tense) + 4,
        Tense::Future => monday_day(day, tense),
    };
    at(to, time_of_day(instant))
}

/// What is still to come leaves the weekend for the next Monday; what is past stays.
pub const fn future_weekend(instant: Micros, tense: Tense) -> Micros {
    match tense {
        Tense::Past => instant,
        Tense::Future => working_day(instant, tense),
    }
}

/// Onto a Monday: a past instant back, a future one on.
pub const fn monday(instant: Micros, tense: Tense) -> Micros {
    at(monday_day(day_of(instant), tense), time_of_day(instant))
}

/// The Monday on or before a past day, on or after a future one.
pub const fn monday_day(day: Day, tense: Tense) -> Day {
    let since = weekday(day).days_since_monday();
    match tense {
        Tense::Past => day - since,
        Tense::Future => day + (7 - since) % 7,
    }
}

/// The last working day before a day.
pub const fn working_day_before(day: Day) -> Day {
    match weekday(day).days_since_monday() {
        0 => day - 3,
        6 => day - 2,
        _ => day - 1,
    }
}

/// The first working day after a day.
pub const fn working_day_after(day: Day) -> Day {
    match weekday(day).days_since_monday() {
        4 => day + 3,
        5 => day + 2,
        _ => day + 1,
    }
}

/// Into [`OPENING`] to [`CLOSING`]: a past instant back to the last closing, a future one on to the
/// next opening.
pub const fn business_hours(instant: Micros, tense: Tense) -> Micros {
    let day = day_of(instant);
    let time = time_of_day(instant);
    match tense {
        Tense::Past if time < OPENING => at(day - 1, CLOSING),
        Tense::Past if time > CLOSING => at(day, CLOSING),
        Tense::Future if time < OPENING => at(day, OPENING),
        Tense::Future if time > CLOSING => at(day + 1, OPENING),
        _ => instant,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DAY, Weekday, format, parse};
    use super::*;
    use proptest::prelude::*;

    fn tenses() -> impl Strategy<Value = Tense> {
        prop_oneof![Just(Tense::Past), Just(Tense::Future)]
    }

    #[test]
    fn a_weekend() -> Result<(), super::super::TimeError> {
        let sunday = parse("2025-12-14T22:15:00Z")?;
        assert_eq!(
            format(working_day(sunday, Tense::Past)),
            "2025-12-12T22:15:00Z"
        );
        assert_eq!(
            format(working_day(sunday, Tense::Future)),
            "2025-12-15T22:15:00Z"
        );
        assert_eq!(future_weekend(sunday, Tense::Past), sunday);
        assert_eq!(format(monday(sunday, Tense::Past)), "2025-12-08T22:15:00Z");
        assert_eq!(
            format(business_hours(sunday, Tense::Past)),
            "2025-12-14T20:00:00Z"
        );
        assert_eq!(
            format(business_hours(sunday, Tense::Future)),
            "2025-12-15T08:00:00Z"
        );
        Ok(())
    }

    proptest! {
        #[test]
        fn past_moves_back_and_future_on(instant in 0..4_102_444_800_000_000_i64, tense in tenses()) {
            for rule in [working_day, future_weekend, monday, business_hours] {
                let moved = rule(instant, tense);
                match tense {
                    Tense::Past => prop_assert!(moved <= instant),
                    Tense::Future => prop_assert!(moved >= instant),
                }
                prop_assert!((moved - instant).abs() < 7 * DAY);
                prop_assert_eq!(rule(moved, tense), moved, "aligning again changes nothing");
            }
        }

        #[test]
        fn each_rule_reaches_its_goal(instant in 0..4_102_444_800_000_000_i64, tense in tenses()) {
            prop_assert!(!weekday(day_of(working_day(instant, tense))).is_weekend());
            prop_assert_eq!(weekday(day_of(monday(instant, tense))), Weekday::Monday);
            prop_assert!((OPENING..=CLOSING).contains(&time_of_day(business_hours(instant, tense))));
            prop_assert_eq!(time_of_day(working_day(instant, tense)), time_of_day(instant));
        }

        #[test]
        fn neighbouring_working_days(day in 0..40_000_i64) {
            let (before, after) = (working_day_before(day), working_day_after(day));
            prop_assert!(before < day && day < after);
            prop_assert!(!weekday(before).is_weekend() && !weekday(after).is_weekend());
            prop_assert!((before + 1..day).chain(day + 1..after).all(|day| weekday(day).is_weekend()));
        }
    }
}
