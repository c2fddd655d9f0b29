//! Time as a demo session tells it (domain specification, section 5).
//!
//! A fixture describes one day: the *base reference*, 06:00 UTC of the day it was written for. A
//! session tells the same story from another instant, its *data clock*. This module moves the one to
//! the other. Everything is a pure function, in UTC, on two plain numbers: [`Micros`] since the Unix
//! epoch, and [`Day`]s since the same.
//!
//! | you have | you want | use |
//! |---|---|---|
//! | text of a fixture | an instant, or a marker | [`Stamp::parse`], [`Stamp::parse_day`] |
//! | a [`Stamp`] | the instant in the session | [`Clock::resolve`] |
//! | a day of a daily series | the same weekday in the session | [`Clock::series_day`], [`Clock::keeps`] |
//! | an instant on a weekend, at night | one on a working day, in business hours | [`Clock::aligned`] with a rule of [`align`] |
//! | a wall time | that wall time on the session's day | [`shift_to_session_time`], [`ensure_future_time`] |
//! | a time of a stored record | an instant, a day | [`Instant`], [`Date`] |
//! | an instant | its text | [`format()`], [`format_day`] |
//!
//! ```
//! use levain_plugin::time::{self, Clock, Stamp};
//!
//! let clock = Clock {
//!     now: time::parse("2026-03-02T10:00:00Z")?,
//!     base: time::parse("2025-12-13T06:00:00Z")?,
//! };
//! // A marker is exact, whatever the calendar says.
//! let upcoming = clock.resolve(Stamp::parse("BASE_TS + 1.5h")?);
//! assert_eq!(time::format(upcoming), "2026-03-02T11:30:00Z");
//! // A date moves with the session.
//! let yesterday = clock.resolve(Stamp::parse("2025-12-12T06:00:00Z")?);
//! assert_eq!(time::format(yesterday), "2026-03-01T10:00:00Z");
//! # Ok::<(), levain_plugin::time::TimeError>(())
//! ```

pub mod align;
mod calendar;
mod clock;
mod error;
mod record;
mod session;
mod stamp;
mod text;

pub use calendar::{
    DAY, Day, HOUR, MINUTE, Micros, SECOND, WEEK, Weekday, at, day_of, time_of_day, weekday,
};
pub use clock::{Clock, Tense};
pub use error::TimeError;
pub use record::{Date, Instant};
pub use session::{EdgeCases, ensure_future_time, session_day_reference, shift_to_session_time};
pub use stamp::Stamp;
pub use text::{format, format_day, parse, parse_day, push_compact_day, push_day, push_instant};
