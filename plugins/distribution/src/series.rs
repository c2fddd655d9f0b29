//! Which drives a session has, and when: those around now exactly, the rest as a daily series.
//!
//! The drives of today are written with markers: what is on the road must be there at any hour. Those
//! before and after keep their wall times and weekdays, so that a night route drives at night.

use std::ops::Range;

use levain_plugin::time::{Clock, Micros, Stamp};

/// Arrivals that a session looks back on, in days counted from its own: none after its midnight, so
/// that nothing that has arrived lies ahead.
const ARRIVED: Range<i64> = -28..0;
/// Departures that are planned, likewise: none today, whose drives are markers.
const PLANNED: Range<i64> = 1..8;

/// The plan of one drive.
#[derive(Clone, Copy, Debug)]
pub struct Drive {
    pub departure: Stamp,
    pub arrival: Stamp,
    /// Whether it is over.
    pub is_over: bool,
}

impl Drive {
    /// Whether a session has it.
    pub fn keep(&self, clock: &Clock) -> bool {
        let (stamp, window) = if self.is_over {
            (self.arrival, ARRIVED)
        } else {
            (self.departure, PLANNED)
        };
        stamp.day().is_none_or(|day| clock.keeps(day, window))
    }

    /// A date of the drive in the session. What belongs to a series moves with it.
    pub fn told(&self, stamp: Stamp, clock: &Clock) -> Micros {
        clock.series(stamp)
    }
}

#[cfg(test)]
mod tests {
    use levain_plugin::time::{DAY, HOUR, day_of, parse, time_of_day, weekday};
    use proptest::prelude::*;

    use super::*;

    const BASE: &str = "2025-12-13T06:00:00Z";

    fn nights(days: Range<i64>, is_over: bool) -> impl Iterator<Item = Drive> {
        let midnight = parse(BASE).unwrap() - 6 * HOUR;
        days.map(move |day| Drive {
            departure: Stamp::At(midnight + day * DAY - HOUR),
            arrival: Stamp::At(midnight + day * DAY + 5 * HOUR),
            is_over,
        })
    }

    proptest! {
        #[test]
        fn what_arrived_is_past_and_what_is_planned_ahead(now in 946_684_800_000_000..4_102_444_800_000_000_i64) {
            let clock = Clock { now, base: parse(BASE).unwrap() };
            let arrived: Vec<Micros> = nights(-28..7, true)
                .filter(|drive| drive.keep(&clock))
                .map(|drive| drive.told(drive.arrival, &clock))
                .collect();
            prop_assert_eq!(arrived.len(), 28);
            prop_assert!(arrived.iter().all(|arrival| *arrival < now && time_of_day(*arrival) == 5 * HOUR));
            let planned: Vec<Drive> = nights(2..16, false).filter(|drive| drive.keep(&clock)).collect();
            prop_assert_eq!(planned.len(), 7);
            for drive in planned {
                let departure = drive.told(drive.departure, &clock);
                prop_assert!(departure > now && time_of_day(departure) == 23 * HOUR);
                prop_assert_eq!(Some(weekday(day_of(departure))), drive.departure.day().map(weekday));
            }
        }

        #[test]
        fn today_is_exact(now in 946_684_800_000_000..4_102_444_800_000_000_i64, offset in -30 * HOUR..30 * HOUR) {
            let clock = Clock { now, base: parse(BASE).unwrap() };
            let stamp = Stamp::Marker(offset);
            let drive = Drive { departure: stamp, arrival: stamp, is_over: false };
            prop_assert!(drive.keep(&clock));
            prop_assert_eq!(drive.told(stamp, &clock), now + offset);
        }
    }
}
