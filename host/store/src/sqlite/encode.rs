//! How values stand in SQLite: instants as RFC 3339 text that sorts, identifiers as lower-case
//! UUID text, services as JSON.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use crate::RepoError;
pub(super) use crate::expect::corrupt;
pub(super) use crate::json_text::{from_json, to_json};
use chrono::{DateTime, SecondsFormat, Utc};

/// An instant as text; always six fraction digits, so that text order is time order.
pub(super) fn instant(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// An instant read back.
pub(super) fn parse_instant(what: &'static str, text: &str) -> Result<DateTime<Utc>, RepoError> {
    DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.with_timezone(&Utc))
        .map_err(|error| corrupt(what, &error))
}

/// Anything else that has a text form, read back.
pub(super) fn parse<T>(what: &'static str, text: &str) -> Result<T, RepoError>
where
    T: FromStr,
    T::Err: Display,
{
    text.parse().map_err(|error| corrupt(what, &error))
}

/// A number that the store keeps wider than we do, read back.
pub(super) fn narrow(what: &'static str, number: i64) -> Result<u32, RepoError> {
    u32::try_from(number).map_err(|error| corrupt(what, &error))
}

/// A count read back.
pub(super) fn wide(what: &'static str, number: i64) -> Result<u64, RepoError> {
    u64::try_from(number).map_err(|error| corrupt(what, &error))
}

/// The store's own clock as an instant that compares with those of [`instant`]; with an argument,
/// moved by the time that is bound there, as [`from_now`] writes it.
macro_rules! store_time {
    () => {
        "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')"
    };
    ($moved:literal) => {
        concat!("strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', ", $moved, ")")
    };
}
pub(super) use store_time;

/// A time from now, for [`store_time`].
pub(super) fn from_now(duration: Duration) -> String {
    format!("{:+.3} seconds", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn instants_keep_their_microseconds_and_sort_as_text() {
        let whole = parse_instant("x", "2026-03-02T10:00:00Z").unwrap();
        let later = whole + chrono::Duration::microseconds(1);
        assert_eq!(instant(whole), "2026-03-02T10:00:00.000000Z");
        assert!(instant(whole) < instant(later));
        assert_eq!(parse_instant("x", &instant(later)).unwrap(), later);
    }
}
