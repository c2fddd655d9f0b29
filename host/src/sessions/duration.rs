//! Durations as the rows and views have them.

use std::time::Duration;

/// A duration in milliseconds, with microseconds behind the point.
pub(super) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
