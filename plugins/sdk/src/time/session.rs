//! Times of the session's own day, and the exact times of its edge cases.

use super::{DAY, HOUR, MINUTE, Micros, SECOND, at, day_of};

/// 06:00 UTC on the day of the data clock.
pub const fn session_day_reference(session_created_at: Micros) -> Micros {
    at(day_of(session_created_at), 6 * HOUR)
}

/// A wall time (hours and minutes, UTC) on a day counted from the session's.
///
/// Earlier days are past and later days are future as they are. Today's items are still to come: one
/// whose time has gone by moves to an hour from now, yet stays today while a later time today is left.
///
/// ```
/// use levain_plugin::time::{format, parse, shift_to_session_time};
///
/// let noon = parse("2025-12-12T12:00:00Z")?;
/// assert_eq!(format(shift_to_session_time(0, 6, 0, noon)), "2025-12-12T13:00:00Z");
/// assert_eq!(format(shift_to_session_time(0, 18, 0, noon)), "2025-12-12T18:00:00Z");
/// # Ok::<(), levain_plugin::time::TimeError>(())
/// ```
pub fn shift_to_session_time(
    offset_days: i64,
    hour: u32,
    minute: u32,
    session_created_at: Micros,
) -> Micros {
    let wall_time = i64::from(hour) * HOUR + i64::from(minute) * MINUTE;
    let today = day_of(session_created_at);
    let target = at(today.saturating_add(offset_days), wall_time);
    if offset_days != 0 || target > session_created_at {
        return target;
    }
    let in_an_hour = session_created_at.saturating_add(HOUR);
    [in_an_hour, at(today, DAY - SECOND), at(today, DAY - 1)]
        .into_iter()
        .find(|time| *time > session_created_at && day_of(*time) == today)
        .unwrap_or(in_an_hour)
}

/// `target` where it is at least `ahead` microseconds after `reference`, else that instant.
///
/// The specification's default is one hour ([`HOUR`]).
pub const fn ensure_future_time(target: Micros, reference: Micros, ahead: Micros) -> Micros {
    let earliest = reference.saturating_add(ahead);
    if target >= earliest { target } else { earliest }
}

/// The exact times of the guaranteed edge cases.
///
/// Fixtures write most of them as markers; those that keep a wall time come from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeCases {
    /// A delivery that should have arrived: four hours ago.
    pub late_delivery_expected: Micros,
    /// A batch that should have started: two hours ago.
    pub overdue_batch_planned_start: Micros,
    /// A batch at work: started an hour and three quarters ago.
    pub in_progress_batch_actual_start: Micros,
    /// The next batch: in an hour and a half.
    pub upcoming_batch_planned_start: Micros,
    /// A delivery on its way: in two and a half hours.
    pub arriving_soon_delivery_expected: Micros,
    /// Today 17:00, or in two hours where that is later.
    pub evening_batch_planned_start: Micros,
    /// Tomorrow 05:00.
    pub tomorrow_morning_planned_start: Micros,
}

impl EdgeCases {
    /// The edge-case times of a session.
    pub const fn of(session_created_at: Micros) -> Self {
        let now = session_created_at;
        let today = day_of(now);
        Self {
            late_delivery_expected: now - 4 * HOUR,
            overdue_batch_planned_start: now - 2 * HOUR,
            in_progress_batch_actual_start: now - HOUR - 45 * MINUTE,
            upcoming_batch_planned_start: now + HOUR + 30 * MINUTE,
            arriving_soon_delivery_expected: now + 2 * HOUR + 30 * MINUTE,
            evening_batch_planned_start: ensure_future_time(at(today, 17 * HOUR), now, 2 * HOUR),
            tomorrow_morning_planned_start: at(today + 1, 5 * HOUR),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{format, parse};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_session_at_ten() -> Result<(), super::super::TimeError> {
        let times = EdgeCases::of(parse("2026-03-02T10:00:00Z")?);
        assert_eq!(format(times.late_delivery_expected), "2026-03-02T06:00:00Z");
        assert_eq!(
            format(times.overdue_batch_planned_start),
            "2026-03-02T08:00:00Z"
        );
        assert_eq!(
            format(times.in_progress_batch_actual_start),
            "2026-03-02T08:15:00Z"
        );
        assert_eq!(
            format(times.upcoming_batch_planned_start),
            "2026-03-02T11:30:00Z"
        );
        assert_eq!(
            format(times.arriving_soon_delivery_expected),
            "2026-03-02T12:30:00Z"
        );
        assert_eq!(
            format(times.evening_batch_planned_start),
            "2026-03-02T17:00:00Z"
        );
        assert_eq!(
            format(times.tomorrow_morning_planned_start),
            "2026-03-03T05:00:00Z"
        );
        assert_eq!(
            format(session_day_reference(parse("2026-03-02T00:00:00Z")?)),
            "2026-03-02T06:00:00Z"
        );
        Ok(())
    }

    #[test]
    fn late_at_night_today_is_nearly_over() -> Result<(), super::super::TimeError> {
        for (now, expected) in [
            ("2026-03-02T22:00:00Z", "2026-03-02T23:00:00Z"),
            ("2026-03-02T23:30:00Z", "2026-03-02T23:59:59Z"),
            ("2026-03-02T23:59:59Z", "2026-03-02T23:59:59.999999Z"),
            ("2026-03-02T23:59:59.999999Z", "2026-03-03T00:59:59.999999Z"),
        ] {
            assert_eq!(
                format(shift_to_session_time(0, 6, 0, parse(now)?)),
                expected,
                "{now}"
            );
        }
        let evening = EdgeCases::of(parse("2026-03-02T16:00:00Z")?).evening_batch_planned_start;
        assert_eq!(format(evening), "2026-03-02T18:00:00Z");
        Ok(())
    }

    proptest! {
        #[test]
        fn a_wall_time_keeps_its_tense(
            now in 946_684_800_000_000..4_102_444_800_000_000_i64,
            offset_days in -400..400_i64, hour in 0..24_u32, minute in 0..60_u32,
        ) {
            let time = shift_to_session_time(offset_days, hour, minute, now);
            prop_assert_eq!(time > now, offset_days >= 0);
            if offset_days != 0 || day_of(now) == day_of(now + 1) {
                prop_assert_eq!(day_of(time), day_of(now) + offset_days);
            }
        }

        #[test]
        fn a_future_time_is_far_enough(target in 0..DAY * 9, reference in 0..DAY * 9, ahead in 0..DAY) {
            let time = ensure_future_time(target, reference, ahead);
            prop_assert!(time >= reference + ahead && time >= target);
            prop_assert!(time == target || time == reference + ahead);
        }
    }
}
