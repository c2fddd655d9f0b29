//! The civil calendar: days, weekdays and times of day, in UTC.

/// An instant: microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

/// A calendar day in UTC: days since 1970-01-01.
pub type Day = i64;

/// One second in microseconds.
pub const SECOND: Micros = 1_000_000;
/// One minute in microseconds.
pub const MINUTE: Micros = 60 * SECOND;
/// One hour in microseconds.
pub const HOUR: Micros = 60 * MINUTE;
/// One day in microseconds. UTC has no other days here: leap seconds are not counted.
pub const DAY: Micros = 24 * HOUR;
/// One week in microseconds.
pub const WEEK: Micros = 7 * DAY;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// Whether no office works: Saturday and Sunday.
    pub const fn is_weekend(self) -> bool {
        matches!(self, Self::Saturday | Self::Sunday)
    }

    /// Days since the last Monday, 0 on a Monday itself.
    pub const fn days_since_monday(self) -> i64 {
        self as i64
    }
}

/// The day that an instant falls on.
pub const fn day_of(instant: Micros) -> Day {
    instant.div_euclid(DAY)
}

/// How far into its day an instant is, in microseconds.
pub const fn time_of_day(instant: Micros) -> Micros {
    instant.rem_euclid(DAY)
}

/// The instant at a time of day (microseconds since midnight) on a day.
pub const fn at(day: Day, time_of_day: Micros) -> Micros {
    day.saturating_mul(DAY).saturating_add(time_of_day)
}

/// The weekday of a day.
pub const fn weekday(day: Day) -> Weekday {
    // 1970-01-01 was a Thursday, three days after a Monday.
    match day.saturating_add(3).rem_euclid(7) {
        0 => Weekday::Monday,
        1 => Weekday::Tuesday,
        2 => Weekday::Wednesday,
        3 => Weekday::Thursday,
        4 => Weekday::Friday,
        5 => Weekday::Saturday,
        _ => Weekday::Sunday,
    }
}

/// The day of a proleptic Gregorian date; the caller has checked that it exists.
///
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
pub(super) const fn day_from_date(year: i64, month: i64, day: i64) -> Day {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The (year, month, day of month) of a day; the inverse of [`day_from_date`].
pub(super) const fn date_of(day: Day) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day_of_month)
}

/// How many days a month has.
pub(super) const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_days() {
        assert_eq!(day_from_date(1970, 1, 1), 0);
        assert_eq!(day_from_date(2000, 2, 29), 11_016);
        assert_eq!(weekday(day_from_date(2025, 12, 13)), Weekday::Saturday);
        assert_eq!(weekday(day_from_date(2024, 2, 29)), Weekday::Thursday);
    }

    proptest! {
        #[test]
        fn a_day_has_one_date(day in -719_528_i64..2_932_897) {
            let (year, month, of_month) = date_of(day);
            prop_assert!((1..=12).contains(&month));
            prop_assert!((1..=days_in_month(year, month)).contains(&of_month));
            prop_assert_eq!(day_from_date(year, month, of_month), day);
        }

        #[test]
        fn weekdays_follow_each_other(day in -1_000_000_i64..3_000_000) {
            let today = weekday(day).days_since_monday();
            prop_assert_eq!(weekday(day + 1).days_since_monday(), (today + 1) % 7);
            prop_assert_eq!(weekday(day + 7), weekday(day));
        }

        #[test]
        fn an_instant_is_a_day_and_a_time(instant in i64::MIN / 2..i64::MAX / 2) {
            prop_assert_eq!(at(day_of(instant), time_of_day(instant)), instant);
            prop_assert!((0..DAY).contains(&time_of_day(instant)));
        }
    }
}
