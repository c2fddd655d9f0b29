//! Texts that stand for something: ids and instants.

use chrono::{DateTime, Datelike as _, Utc};
use uuid::Uuid;

/// The years that a data clock may be set to (domain specification, section 5).
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

/// A UUID in its usual form: 32 hexadecimal digits in five groups.
///
/// # Errors
/// What it should have been.
pub(in crate::http) fn read_uuid(text: &str) -> Result<Uuid, String> {
    const HYPHENATED: usize = 36;
    match Uuid::try_parse(text) {
        Ok(id) if text.len() == HYPHENATED => Ok(id),
        _ => Err("must be a UUID, such as 4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10".to_owned()),
    }
}

/// A data clock: RFC 3339, years 2000 to 2100, to the microsecond.
///
/// # Errors
/// What it should have been.
pub(in crate::http) fn read_instant(text: &str) -> Result<DateTime<Utc>, String> {
    const NANOS_PER_SECOND: u32 = 1_000_000_000;
    let instant = DateTime::parse_from_rfc3339(text)
        .map_err(|_| "must be an RFC 3339 instant, such as 2026-03-02T10:00:00Z".to_owned())?
        .to_utc();
    let nanos = instant.timestamp_subsec_nanos();
    if nanos >= NANOS_PER_SECOND {
        return Err("must not be a leap second".to_owned());
    }
    if !nanos.is_multiple_of(1000) {
        return Err("must have microseconds at most".to_owned());
    }
    if !YEARS.contains(&instant.year()) {
        return Err(format!(
            "must be within the years {} to {}",
            YEARS.start(),
            YEARS.end()
        ));
    }
    Ok(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuid_has_one_form() {
        assert!(read_uuid("4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10").is_ok());
        assert!(read_uuid("4F9C2A1E-7C3B-4D55-9A41-0F6F2D0B7A10").is_ok());
        for wrong in [
            "",
            "4f9c2a1e7c3b4d559a410f6f2d0b7a10",
            "{4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10}",
            "urn:uuid:4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10",
            "4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a1g",
        ] {
            assert!(read_uuid(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn instant_is_exact_and_within_the_years() {
        let read = |text| read_instant(text).map(|instant| instant.to_rfc3339());
        assert_eq!(
            read("2026-03-02T11:00:00.000001+01:00").as_deref(),
            Ok("2026-03-02T10:00:00.000001+00:00")
        );
        for right in [
            "2000-01-01T00:00:00Z",
            "2100-12-31T23:59:59.999999Z",
            "2024-02-29T00:00:00Z",
        ] {
            assert!(read(right).is_ok(), "{right}");
        }
        for wrong in [
            "1999-12-31T23:59:59Z",
            "2101-01-01T00:00:00Z",
            "2100-12-31T23:59:59-01:00",
            "2026-03-02T10:00:00.0000001Z",
            "2016-12-31T23:59:60Z",
            "2026-02-29T10:00:00Z",
            "2026-03-02T10:00:00",
            "2026-03-02",
            "now",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
