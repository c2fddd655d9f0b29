//! Batches: when one was planned, and when it ran (domain specification, section 5).

use levain_plugin::time::{
    Clock, HOUR, Micros, Stamp, at, day_of, ensure_future_time, time_of_day,
};
use levain_plugin::{Field, Record};
use serde::Deserialize;

/// The least that today's planned batches lie ahead: the rule of the evening batch.
const AHEAD: Micros = 2 * HOUR;

/// One production run of one product.
#[derive(Debug, Deserialize)]
pub struct Batch {
    status: Status,
    planned_start_time: Stamp,
    planned_end_time: Stamp,
    #[serde(default)]
    actual_start_time: Option<Stamp>,
    #[serde(default)]
    actual_end_time: Option<Stamp>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Pending,
    InProgress,
    /// It ran, or never will: its times are history.
    #[serde(other)]
    Over,
}

impl Record for Batch {
    const ENTITY: &'static str = "batch";
    const FIELDS: &'static [Field<Self>] = &[
        Field::code("batch_number", "BATCH", Self::start),
        Field::id("product_id"),
        Field::id("recipe_id"),
        Field::ids("equipment_used"),
        Field::ids("staff_assigned"),
        Field::id("order_id"),
        Field::id("forecast_id"),
        Field::time("planned_start_time", |batch, clock| {
            Some(batch.start(clock))
        }),
        Field::time("planned_end_time", |batch, clock| Some(batch.end(clock))),
        Field::time("actual_start_time", Self::started),
        Field::time("actual_end_time", Self::ended),
        Field::shifted("created_at"),
        Field::shifted("updated_at"),
    ];
}

impl Batch {
    /// When the batch is planned to start.
    ///
    /// What is still to be made keeps its wall time, counted from the session's day; today's lies at
    /// least two hours ahead. A batch at work was planned for when it started. Markers are exact.
    fn start(&self, clock: &Clock) -> Micros {
        match (self.status, self.planned_start_time, self.actual_start_time) {
            (Status::Pending, Stamp::At(planned), _) if planned > clock.base => {
                let target = at(clock.shift_day(day_of(planned)), time_of_day(planned));
                if day_of(target) == day_of(clock.now) {
                    ensure_future_time(target, clock.now, AHEAD)
                } else {
                    target
                }
            }
            (Status::InProgress, _, Some(started @ Stamp::Marker(_))) => clock.resolve(started),
            (_, planned, _) => clock.resolve(planned),
        }
    }

    /// When the batch is planned to end: start and end move as one.
    fn end(&self, clock: &Clock) -> Micros {
        match (self.planned_start_time, self.planned_end_time) {
            (Stamp::At(start), Stamp::At(end)) | (Stamp::Marker(start), Stamp::Marker(end)) => {
                self.start(clock).saturating_add(end - start)
            }
            (_, end) => clock.resolve(end),
        }
    }

    /// When it started: a batch at work when it was planned to, a future one not at all.
    fn started(&self, clock: &Clock) -> Option<Micros> {
        let started = self.actual_start_time.filter(|_| !self.is_to_come(clock))?;
        Some(if self.status == Status::InProgress {
            self.start(clock)
        } else {
            clock.resolve(started)
        })
    }

    fn ended(&self, clock: &Clock) -> Option<Micros> {
        Some(clock.resolve(self.actual_end_time.filter(|_| !self.is_to_come(clock))?))
    }

    fn is_to_come(&self, clock: &Clock) -> bool {
        self.start(clock) > clock.now
    }
}

#[cfg(test)]
mod tests {
    use levain_plugin::time::{DAY, MINUTE, format, parse};
    use proptest::prelude::*;

    use super::*;

    fn batch(status: Status, start: &str, end: &str, started: Option<&str>) -> Batch {
        Batch {
            status,
            planned_start_time: Stamp::parse(start).unwrap(),
            planned_end_time: Stamp::parse(end).unwrap(),
            actual_start_time: started.map(|text| Stamp::parse(text).unwrap()),
            actual_end_time: None,
        }
    }

    fn clock(now: &str) -> Clock {
        Clock {
            now: parse(now).unwrap(),
            base: parse("2025-12-13T06:00:00Z").unwrap(),
        }
    }

    fn times(batch: &Batch, now: &str) -> (String, String) {
        let clock = clock(now);
        (format(batch.start(&clock)), format(batch.end(&clock)))
    }

    #[test]
    fn the_evening_batch_is_at_five_or_in_two_hours() {
        let evening = batch(
            Status::Pending,
            "2025-12-13T17:00:00Z",
            "2025-12-13T19:00:00Z",
            None,
        );
        for (now, start, end) in [
            (
                "2026-03-02T10:00:00Z",
                "2026-03-02T17:00:00Z",
                "2026-03-02T19:00:00Z",
            ),
            (
                "2026-03-02T15:30:00Z",
                "2026-03-02T17:30:00Z",
                "2026-03-02T19:30:00Z",
            ),
            (
                "2026-03-02T23:30:00Z",
                "2026-03-03T01:30:00Z",
                "2026-03-03T03:30:00Z",
            ),
        ] {
            assert_eq!(
                times(&evening, now),
                (start.to_owned(), end.to_owned()),
                "{now}"
            );
        }
    }

    #[test]
    fn tomorrows_first_batch_is_tomorrow_at_five() {
        let first = batch(
            Status::Pending,
            "2025-12-14T05:00:00Z",
            "2025-12-14T08:00:00Z",
            None,
        );
        for now in ["2026-02-28T00:00:00Z", "2026-02-28T23:59:59Z"] {
            assert_eq!(
                times(&first, now),
                (
                    "2026-03-01T05:00:00Z".to_owned(),
                    "2026-03-01T08:00:00Z".to_owned()
                )
            );
        }
    }

    #[test]
    fn a_batch_at_work_started_when_planned() {
        let clock = clock("2026-03-02T10:00:00Z");
        for planned in ["BASE_TS - 1h", "BASE_TS - 1h45m"] {
            let running = batch(
                Status::InProgress,
                planned,
                "BASE_TS + 1h",
                Some("BASE_TS - 1h45m"),
            );
            assert_eq!(format(running.start(&clock)), "2026-03-02T08:15:00Z");
            assert_eq!(running.started(&clock), Some(running.start(&clock)));
        }
        let running = batch(
            Status::InProgress,
            "2025-12-13T05:00:00Z",
            "2025-12-13T07:00:00Z",
            Some("2025-12-13T05:10:00Z"),
        );
        assert_eq!(
            running.started(&clock).map(format).as_deref(),
            Some("2026-03-02T09:00:00Z")
        );
    }

    #[test]
    fn a_late_batch_stays_late() {
        let late = batch(Status::Pending, "BASE_TS - 2h", "BASE_TS + 1h", None);
        assert_eq!(
            times(&late, "2026-03-02T10:00:00Z").0,
            "2026-03-02T08:00:00Z"
        );
        let late = batch(
            Status::Pending,
            "2025-12-12T20:00:00Z",
            "2025-12-12T23:00:00Z",
            None,
        );
        assert_eq!(
            times(&late, "2026-03-02T10:00:00Z").0,
            "2026-03-02T00:00:00Z"
        );
    }

    fn statuses() -> impl Strategy<Value = Status> {
        prop_oneof![
            Just(Status::Pending),
            Just(Status::InProgress),
            Just(Status::Over)
        ]
    }

    proptest! {
        #[test]
        fn start_and_end_move_as_one_and_keep_their_tense(
            now in 946_684_800_000_000..4_102_444_800_000_000_i64,
            status in statuses(),
            offset in -60 * 24 * 60..10 * 24 * 60_i64,
            minutes in 1..600_i64,
        ) {
            let clock = Clock { now, base: parse("2025-12-13T06:00:00Z").unwrap() };
            let start = clock.base + offset * MINUTE;
            let batch = Batch {
                status,
                planned_start_time: Stamp::At(start),
                planned_end_time: Stamp::At(start + minutes * MINUTE),
                actual_start_time: Some(Stamp::At(start)),
                actual_end_time: None,
            };
            prop_assert_eq!(batch.end(&clock) - batch.start(&clock), minutes * MINUTE);
            prop_assert_eq!(batch.started(&clock).is_none(), batch.start(&clock) > now);
            if start > clock.base {
                prop_assert!(batch.start(&clock) > now);
            } else {
                prop_assert!(batch.start(&clock) <= now);
            }
            let later = Clock { now: now + 7 * DAY, ..clock };
            prop_assert_eq!(batch.start(&later), batch.start(&clock) + 7 * DAY);
        }
    }
}
