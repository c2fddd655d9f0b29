//! Instants and days as text: RFC 3339 in UTC, second precision unless microseconds matter.

use super::calendar::{date_of, day_from_date, days_in_month};
use super::{DAY, Day, HOUR, MINUTE, Micros, SECOND, TimeError, at, day_of, time_of_day};

/// Reads `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`. Other offsets are refused: all rules are in UTC.
///
/// # Errors
///
/// [`TimeError::Instant`] for another form, [`TimeError::NotInCalendar`] for a day or time that
/// does not exist (30 February, 24:00, a leap second).
pub fn parse(text: &str) -> Result<Micros, TimeError> {
    let fields = instant(text.as_bytes());
    let [year, month, day, hour, minute, second, micros] =
        fields.ok_or_else(|| TimeError::Instant(text.to_owned()))?;
    if !exists(year, month, day) || hour > 23 || minute > 59 || second > 59 {
        return Err(TimeError::NotInCalendar(text.to_owned()));
    }
    let of_day = hour * HOUR + minute * MINUTE + second * SECOND + micros;
    Ok(at(day_from_date(year, month, day), of_day))
}

/// Reads `YYYY-MM-DD`.
///
/// # Errors
///
/// [`TimeError::Day`] for another form, [`TimeError::NotInCalendar`] for a day that does not exist.
pub fn parse_day(text: &str) -> Result<Day, TimeError> {
    let [year, month, day] =
        date(text.as_bytes()).ok_or_else(|| TimeError::Day(text.to_owned()))?;
    if !exists(year, month, day) {
        return Err(TimeError::NotInCalendar(text.to_owned()));
    }
    Ok(day_from_date(year, month, day))
}

/// Writes an instant as `YYYY-MM-DDTHH:MM:SSZ`, with exactly six fraction digits where its
/// microseconds are not zero. Years outside 0000-9999 have no such form and are written as the
/// nearest instant that has.
pub fn format(instant: Micros) -> String {
    let mut text = String::with_capacity(27);
    push_instant(&mut text, instant);
    text
}

/// Writes a day as `YYYY-MM-DD`; for years outside 0000-9999 see [`format()`].
pub fn format_day(day: Day) -> String {
    let mut text = String::with_capacity(10);
    push_day(&mut text, day);
    text
}

/// Appends what [`format()`] gives.
pub fn push_instant(out: &mut String, instant: Micros) {
    let instant = instant.clamp(at(FIRST_DAY, 0), at(LAST_DAY, DAY - 1));
    push_day(out, day_of(instant));
    let of_day = time_of_day(instant);
    let (seconds, micros) = (of_day / SECOND, of_day % SECOND);
    let mut text = *b"T00:00:00";
    let [_, h1, h0, _, m1, m0, _, s1, s0] = &mut text;
    two(h1, h0, seconds / 3_600);
    two(m1, m0, seconds / 60 % 60);
    two(s1, s0, seconds % 60);
    push_ascii(out, &text);
    if micros != 0 {
        let mut text = *b".000000";
        let mut rest = micros;
        for place in text.iter_mut().skip(1).rev() {
            *place = digit(rest % 10);
            rest /= 10;
        }
        push_ascii(out, &text);
    }
    out.push('Z');
}

/// Appends what [`format_day`] gives.
pub fn push_day(out: &mut String, day: Day) {
    let mut text = *b"0000-00-00";
    let (year, month, of_month) = date_of(day.clamp(FIRST_DAY, LAST_DAY));
    let [y3, y2, y1, y0, _, m1, m0, _, d1, d0] = &mut text;
    two(y3, y2, year / 100);
    two(y1, y0, year % 100);
    two(m1, m0, month);
    two(d1, d0, of_month);
    push_ascii(out, &text);
}

/// Appends a day as `YYYYMMDD`, the form inside codes.
pub fn push_compact_day(out: &mut String, day: Day) {
    let mut text = *b"00000000";
    let (year, month, of_month) = date_of(day.clamp(FIRST_DAY, LAST_DAY));
    let [y3, y2, y1, y0, m1, m0, d1, d0] = &mut text;
    two(y3, y2, year / 100);
    two(y1, y0, year % 100);
    two(m1, m0, month);
    two(d1, d0, of_month);
    push_ascii(out, &text);
}

const FIRST_DAY: Day = day_from_date(0, 1, 1);
const LAST_DAY: Day = day_from_date(9999, 12, 31);

fn exists(year: i64, month: i64, day: i64) -> bool {
    (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day)
}

/// Year, month, day, hour, minute, second and microseconds of an instant, as they are written.
fn instant(text: &[u8]) -> Option<[i64; 7]> {
    let (day, time) = text.split_at_checked(10)?;
    let time = time.strip_prefix(b"T")?.strip_suffix(b"Z")?;
    let (time, fraction) = time.split_at_checked(8)?;
    let ([year, month, day], [hour, minute, second]) = (date(day)?, clock(time)?);
    let micros = match fraction {
        [] => 0,
        [b'.', digits @ ..] => micros(digits)?,
        _ => return None,
    };
    Some([year, month, day, hour, minute, second, micros])
}

/// Year, month and day.
fn date(text: &[u8]) -> Option<[i64; 3]> {
    let [y3, y2, y1, y0, b'-', m1, m0, b'-', d1, d0] = text else {
        return None;
    };
    Some([
        digits(&[*y3, *y2, *y1, *y0])?,
        digits(&[*m1, *m0])?,
        digits(&[*d1, *d0])?,
    ])
}

/// Hour, minute and second.
fn clock(text: &[u8]) -> Option<[i64; 3]> {
    let [h1, h0, b':', m1, m0, b':', s1, s0] = text else {
        return None;
    };
    Some([
        digits(&[*h1, *h0])?,
        digits(&[*m1, *m0])?,
        digits(&[*s1, *s0])?,
    ])
}

/// Microseconds of one to six fraction digits.
fn micros(text: &[u8]) -> Option<Micros> {
    let places = u32::try_from(text.len())
        .ok()
        .filter(|places| (1..=6).contains(places))?;
    Some(digits(text)? * 10_i64.pow(6 - places))
}

/// The number that a few ASCII digits spell. `str::parse` would take a sign, and asks at each digit whether the
/// number still fits, which WebAssembly has no instruction for.
fn digits(text: &[u8]) -> Option<i64> {
    let mut number = 0_i64;
    for byte in text {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
        number = number * 10 + digit;
    }
    Some(number)
}

fn two(tens: &mut u8, ones: &mut u8, number: i64) {
    *tens = digit(number / 10);
    *ones = digit(number % 10);
}

fn digit(number: i64) -> u8 {
    b'0' + u8::try_from(number).unwrap_or_default()
}

fn push_ascii(out: &mut String, text: &[u8]) {
    out.push_str(str::from_utf8(text).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_base_reference() {
        assert_eq!(parse("2025-12-13T06:00:00Z"), Ok(1_765_605_600 * SECOND));
        assert_eq!(format(1_765_605_600 * SECOND), "2025-12-13T06:00:00Z");
        assert_eq!(
            format(1_765_605_600 * SECOND + 1),
            "2025-12-13T06:00:00.000001Z"
        );
        assert_eq!(
            parse("2025-12-13T06:00:00.5Z"),
            Ok(1_765_605_600 * SECOND + SECOND / 2)
        );
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "T",
            "Z",
            "2025-12-13",
            "2025-12-13 06:00:00Z",
            "2025-12-13T06:00:00",
            "2025-12-13T06:00Z",
            "2025-12-13T06:00:00+00:00",
            "2025-12-13T06:00:00.Z",
            "2025-12-13T06:00:00.1234567Z",
            "2025-12-13T06:00:00ZZ",
            "2025-12-13t06:00:00z",
            "+025-12-13T06:00:00Z",
            "2025-12-13T06:00:0١Z",
        ] {
            assert_eq!(
                parse(text),
                Err(TimeError::Instant(text.to_owned())),
                "{text}"
            );
        }
        for text in [
            "2025-02-29T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "2025-12-13T24:00:00Z",
            "2016-12-31T23:59:60Z",
        ] {
            assert_eq!(
                parse(text),
                Err(TimeError::NotInCalendar(text.to_owned())),
                "{text}"
            );
        }
        assert_eq!(
            parse_day("2025-04-31"),
            Err(TimeError::NotInCalendar("2025-04-31".to_owned()))
        );
        assert_eq!(
            parse_day("20250430"),
            Err(TimeError::Day("20250430".to_owned()))
        );
    }

    #[test]
    fn what_has_no_form_is_written_as_the_nearest_that_has() {
        assert_eq!(format(i64::MAX), "9999-12-31T23:59:59.999999Z");
        assert_eq!(format(i64::MIN), "0000-01-01T00:00:00Z");
    }

    proptest! {
        #[test]
        fn text_and_instant_are_one_to_one(instant in at(FIRST_DAY, 0)..at(LAST_DAY + 1, 0)) {
            prop_assert_eq!(parse(&format(instant)), Ok(instant));
        }

        #[test]
        fn text_and_day_are_one_to_one(day in FIRST_DAY..=LAST_DAY) {
            let text = format_day(day);
            prop_assert_eq!(parse_day(&text), Ok(day));
            let mut compact = String::new();
            push_compact_day(&mut compact, day);
            prop_assert_eq!(compact, text.replace('-', ""));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = parse(&text);
            let _ = parse_day(&text);
        }

        #[test]
        fn instants_sort_as_their_texts(a in 0..at(LAST_DAY, 0), b in 0..at(LAST_DAY, 0)) {
            let (a, b) = (a / SECOND * SECOND, b / SECOND * SECOND);
            prop_assert_eq!(a.cmp(&b), format(a).cmp(&format(b)));
        }
    }
}
