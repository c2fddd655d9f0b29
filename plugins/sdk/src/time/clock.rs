//! The data clock: where fixture time becomes session time.

use std::ops::Range;

use super::{Day, Micros, Stamp, at, day_of, time_of_day};

/// The two instants that every rule is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The data clock, `session_created_at`: the instant that the data is told from.
    pub now: Micros,
    /// The base reference: the instant that the fixtures describe.
    pub base: Micros,
}

/// On which side of the data clock an instant lies. No rule may change it: "what was past stays
/// before `session_created_at`, what was future after it" (domain specification, section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tense {
    /// At or before the data clock: alignment moves it backwards.
    Past,
    /// After the data clock: alignment moves it forwards.
    Future,
}

impl Clock {
    /// An absolute date of a fixture in the session: `instant + (now - base)`.
    pub const fn shift(&self, instant: Micros) -> Micros {
        instant.saturating_add(self.now.saturating_sub(self.base))
    }

    /// A day of a fixture in the session, as many days from the session's day as from the base day.
    pub const fn shift_day(&self, day: Day) -> Day {
        day + day_of(self.now) - day_of(self.base)
    }

    /// The instant of a stamp in the session: a marker exactly, a date shifted.
    pub const fn resolve(&self, stamp: Stamp) -> Micros {
        match stamp {
            Stamp::At(instant) => self.shift(instant),
            Stamp::Marker(offset) => self.now.saturating_add(offset),
        }
    }

    /// The day of a stamp of a `date` field in the session: a marker exactly, a date shifted.
    pub const fn resolve_day(&self, stamp: Stamp) -> Day {
        match stamp {
            Stamp::At(instant) => self.shift_day(day_of(instant)),
            Stamp::Marker(offset) => day_of(self.now.saturating_add(offset)),
        }
    }

    /// As [`resolve`](Self::resolve), then aligned by a rule of [`align`](super::align). A marker
    /// is exact and skips the rule.
    pub fn aligned(&self, stamp: Stamp, rule: fn(Micros, Tense) -> Micros) -> Micros {
        let instant = self.resolve(stamp);
        if stamp.is_marker() {
            instant
        } else {
            rule(instant, self.tense(instant))
        }
    }

    /// The tense of an instant of the session.
    pub const fn tense(&self, instant: Micros) -> Tense {
        if instant > self.now {
            Tense::Future
        } else {
            Tense::Past
        }
    }

    /// How many whole weeks a daily series moves: `floor((day(now) - day(base)) / 7)`.
    pub const fn series_weeks(&self) -> i64 {
        (day_of(self.now) - day_of(self.base)).div_euclid(7)
    }

    /// The session's day as the daily series counts it: 0 to 6 days after the base day. It is what
    /// whole weeks leave over, so a series in the fixtures reaches seven days past the base day.
    pub const fn series_residue(&self) -> i64 {
        (day_of(self.now) - day_of(self.base)).rem_euclid(7)
    }

    /// A day of a daily series in the session: moved by whole weeks, on its own weekday.
    pub const fn series_day(&self, day: Day) -> Day {
        day + 7 * self.series_weeks()
    }

    /// An instant that belongs to a daily series: moved by whole weeks; a marker exactly.
    pub const fn series(&self, stamp: Stamp) -> Micros {
        match stamp {
            Stamp::At(instant) => at(self.series_day(day_of(instant)), time_of_day(instant)),
            Stamp::Marker(offset) => self.now.saturating_add(offset),
        }
    }

    /// Whether a day of a daily series falls into a window of days around the session's day, such as
    /// `-90..0` for the ninety days before it.
    pub fn keeps(&self, day: Day, window: Range<i64>) -> bool {
        window.contains(&(self.series_day(day) - day_of(self.now)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DAY, HOUR, WEEK, Weekday, weekday};
    use super::*;
    use proptest::prelude::*;

    const BASE: Micros = 1_765_605_600_000_000;
    /// The data clock's range: the years 2000 to 2100.
    const NOW: Range<Micros> = 946_684_800_000_000..4_102_444_800_000_000;

    proptest! {
        #[test]
        fn a_shift_keeps_distances_and_tense(now in NOW, a in -400 * DAY..400 * DAY, b in -400 * DAY..400 * DAY) {
            let clock = Clock { now, base: BASE };
            prop_assert_eq!(clock.shift(BASE + a) - clock.shift(BASE + b), a - b);
            prop_assert_eq!(clock.tense(clock.shift(BASE + a)) == Tense::Future, a > 0);
        }

        #[test]
        fn a_marker_is_exact(now in NOW, offset in -DAY..DAY) {
            let clock = Clock { now, base: BASE };
            prop_assert_eq!(clock.resolve(Stamp::Marker(offset)), now + offset);
            prop_assert_eq!(clock.series(Stamp::Marker(offset)), now + offset);
            prop_assert_eq!(clock.aligned(Stamp::Marker(offset), |_, _| 0), now + offset);
        }

        #[test]
        fn a_series_keeps_its_weekday(now in NOW, day in -200..200_i64) {
            let clock = Clock { now, base: BASE };
            let day = day_of(BASE) + day;
            prop_assert_eq!(weekday(clock.series_day(day)), weekday(day));
            prop_assert!((0..7).contains(&clock.series_residue()));
        }

        #[test]
        fn a_window_holds_each_of_its_days_once(now in NOW) {
            let clock = Clock { now, base: BASE };
            let kept: Vec<Day> = (-90..6)
                .map(|day| day_of(BASE) + day)
                .filter(|day| clock.keeps(*day, -90..0))
                .map(|day| clock.series_day(day) - day_of(now))
                .collect();
            prop_assert_eq!(kept, (-90..0).collect::<Vec<Day>>());
        }

        #[test]
        fn whole_weeks_shift_everything_alike(now in NOW, weeks in -50..50_i64, offset in -DAY * 99..DAY * 99) {
            let clock = Clock { now, base: BASE };
            let later = Clock { now: now + weeks * WEEK, base: BASE };
            let stamp = Stamp::At(BASE + offset);
            prop_assert_eq!(later.resolve(stamp), clock.resolve(stamp) + weeks * WEEK);
            prop_assert_eq!(later.series(stamp), clock.series(stamp) + weeks * WEEK);
            prop_assert_eq!(later.resolve_day(stamp), clock.resolve_day(stamp) + weeks * 7);
        }
    }

    #[test]
    fn before_the_base_day_weeks_round_down() {
        let clock = Clock {
            now: BASE - HOUR * 24,
            base: BASE,
        };
        assert_eq!((clock.series_weeks(), clock.series_residue()), (-1, 6));
        assert_eq!(weekday(day_of(BASE)), Weekday::Saturday);
    }
}
