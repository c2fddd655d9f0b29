//! A time as a fixture writes it: a date, or a marker relative to the session.

use serde::{Deserialize, Deserializer, de};

use super::{DAY, Day, HOUR, MINUTE, Micros, SECOND, TimeError, WEEK, at, parse, parse_day};

/// What a date field of a fixture holds.
///
/// `Stamp` deserialises from a JSON string by its form: an instant, a day (its midnight), or a
/// marker. Resolve it with [`Clock::resolve`](super::Clock::resolve).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// An instant of the fixture's own time; it moves by the rule of its field.
    At(Micros),
    /// `BASE_TS` and an offset in microseconds: exactly that far from the session's data clock, with
    /// no alignment. Records in a guaranteed state are written with markers.
    Marker(Micros),
}

impl Stamp {
    /// Reads a `date-time` field: RFC 3339 in UTC, or a marker.
    ///
    /// A marker is `BASE_TS`, alone or followed by `+` or `-` and one or more numbers with a unit
    /// (w d h m s): `BASE_TS - 1d`, `BASE_TS + 1h30m`, `BASE_TS+1.5h`. Spaces may surround the sign.
    ///
    /// # Errors
    ///
    /// [`TimeError`], saying what was expected.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        match text.strip_prefix("BASE_TS") {
            Some(rest) => offset(text, rest).map(Self::Marker),
            None => parse(text).map(Self::At),
        }
    }

    /// Reads a `date` field: `YYYY-MM-DD`, kept as its midnight, or a marker.
    ///
    /// # Errors
    ///
    /// [`TimeError`], saying what was expected.
    pub fn parse_day(text: &str) -> Result<Self, TimeError> {
        match text.strip_prefix("BASE_TS") {
            Some(rest) => offset(text, rest).map(Self::Marker),
            None => parse_day(text).map(|day| Self::At(at(day, 0))),
        }
    }

    /// The day written in the fixture; none for a marker.
    pub const fn day(self) -> Option<Day> {
        match self {
            Self::At(instant) => Some(super::day_of(instant)),
            Self::Marker(_) => None,
        }
    }

    /// Whether this is a marker, which is exact and skips every alignment.
    pub const fn is_marker(self) -> bool {
        matches!(self, Self::Marker(_))
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        // A day is the one form without a time.
        let stamp = if text.len() == 10 {
            Self::parse_day(&text)
        } else {
            Self::parse(&text)
        };
        stamp.map_err(de::Error::custom)
    }
}

/// No demo reaches further; a larger number is a slip, and would overflow somewhere.
const FURTHEST: i128 = 100 * 366 * DAY as i128;

/// The offset that follows `BASE_TS`.
fn offset(marker: &str, rest: &str) -> Result<Micros, TimeError> {
    if rest.is_empty() {
        return Ok(0);
    }
    let blank = [' ', '\t'];
    let signed = rest.trim_start_matches(blank);
    let (sign, parts) = if let Some(parts) = signed.strip_prefix('+') {
        (1, parts)
    } else if let Some(parts) = signed.strip_prefix('-') {
        (-1, parts)
    } else {
        return Err(TimeError::Marker(marker.to_owned()));
    };
    let mut parts = parts.trim_start_matches(blank);
    if parts.is_empty() {
        return Err(TimeError::NoOffset(marker.to_owned()));
    }
    let mut sum: i128 = 0;
    while !parts.is_empty() {
        let (length, rest) = part(marker, parts)?;
        sum += length;
        if sum > FURTHEST {
            return Err(TimeError::TooFar(marker.to_owned()));
        }
        parts = rest;
    }
    i64::try_from(sign * sum).map_err(|_| TimeError::TooFar(marker.to_owned()))
}

/// One number with its unit, in microseconds, and what follows it.
fn part<'a>(marker: &str, text: &'a str) -> Result<(i128, &'a str), TimeError> {
    let number_end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(number_end);
    let no_number = || TimeError::NoNumber {
        marker: marker.to_owned(),
        rest: text.to_owned(),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return Err(no_number()),
        None => (number, ""),
    };
    if whole.is_empty() || fraction.contains('.') {
        return Err(no_number());
    }
    let mut letters = rest.chars();
    let unit = match letters.next() {
        Some('w') => WEEK,
        Some('d') => DAY,
        Some('h') => HOUR,
        Some('m') => MINUTE,
        Some('s') => SECOND,
        other => {
            let unit = other.map(String::from).unwrap_or_default();
            return Err(TimeError::Unit {
                marker: marker.to_owned(),
                unit,
            });
        }
    };
    if whole.len() > 12 {
        return Err(TimeError::TooFar(marker.to_owned()));
    }
    if fraction.len() > 12 {
        return Err(TimeError::TooFine(marker.to_owned()));
    }
    let digits: i128 = format!("{whole}{fraction}")
        .parse()
        .map_err(|_| no_number())?;
    let scale = 10_i128.pow(u32::try_from(fraction.len()).unwrap_or_default());
    let scaled = digits * i128::from(unit);
    if scaled % scale != 0 {
        return Err(TimeError::TooFine(marker.to_owned()));
    }
    Ok((scaled / scale, letters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markers() {
        for (text, offset) in [
            ("BASE_TS", 0),
            ("BASE_TS + 1h30m", HOUR + 30 * MINUTE),
            ("BASE_TS - 1d", -DAY),
            ("BASE_TS + 1.5h", HOUR + 30 * MINUTE),
            ("BASE_TS+2w1d", 2 * WEEK + DAY),
            ("BASE_TS  -\t0.000001s", -1),
            ("BASE_TS - 1h45m", -HOUR - 45 * MINUTE),
        ] {
            assert_eq!(Stamp::parse(text), Ok(Stamp::Marker(offset)), "{text}");
            assert_eq!(Stamp::parse_day(text), Ok(Stamp::Marker(offset)), "{text}");
        }
    }

    #[test]
    fn a_wrong_marker_says_what_is_wrong() {
        for (text, message) in [
            (
                "BASE_TS + 3x",
                "marker `BASE_TS + 3x`: `x` is not a unit, use w, d, h, m or s",
            ),
            (
                "BASE_TS + 3",
                "marker `BASE_TS + 3`: `` is not a unit, use w, d, h, m or s",
            ),
            (
                "BASE_TS +",
                "marker `BASE_TS +` has no offset after its sign: expected one such as 1h30m",
            ),
            (
                "BASE_TS + -1h",
                "marker `BASE_TS + -1h`: expected a number at `-1h`",
            ),
            (
                "BASE_TS + 1h -1m",
                "marker `BASE_TS + 1h -1m`: expected a number at ` -1m`",
            ),
            (
                "BASE_TS + 1.h",
                "marker `BASE_TS + 1.h`: expected a number at `1.h`",
            ),
            (
                "BASE_TS + 1.2.3h",
                "marker `BASE_TS + 1.2.3h`: expected a number at `1.2.3h`",
            ),
            (
                "BASE_TS + 0.0000001s",
                "marker `BASE_TS + 0.0000001s` is finer than a microsecond",
            ),
            (
                "BASE_TS + 6000w",
                "marker `BASE_TS + 6000w` reaches further than a hundred years",
            ),
            (
                "BASE_TS 1h",
                "`BASE_TS 1h` is not a marker: expected `BASE_TS`, or `BASE_TS`, `+` or `-`, and an offset such as 1h30m",
            ),
        ] {
            assert_eq!(
                Stamp::parse(text).map_err(|error| error.to_string()),
                Err(message.to_owned())
            );
        }
        assert!(matches!(
            Stamp::parse("BASE_TSX"),
            Err(TimeError::Marker(_))
        ));
        assert!(matches!(
            Stamp::parse(" BASE_TS"),
            Err(TimeError::Instant(_))
        ));
    }

    proptest! {
        #[test]
        fn parts_add_up(w in 0..50_i64, d in 0..400_i64, h in 0..99_i64, m in 0..99_i64, s in 0..99_i64, back: bool) {
            let sum = w * WEEK + d * DAY + h * HOUR + m * MINUTE + s * SECOND;
            let (sign, sum) = if back { ('-', -sum) } else { ('+', sum) };
            prop_assert_eq!(Stamp::parse(&format!("BASE_TS {sign} {w}w{d}d{h}h{m}m{s}s")), Ok(Stamp::Marker(sum)));
        }

        #[test]
        fn a_decimal_is_exact(micros in 0..DAY) {
            let text = format!("BASE_TS + {}.{:06}s", micros / SECOND, micros % SECOND);
            prop_assert_eq!(Stamp::parse(&text), Ok(Stamp::Marker(micros)));
        }

        #[test]
        fn no_marker_panics(text in "BASE_TS[ +0-9.wdhmsx-]{0,40}") {
            let _ = Stamp::parse(&text);
        }
    }
}
