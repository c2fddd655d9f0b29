//! Instants, days and markers, as the SDK and the host read them, against `chrono`.

use chrono::{DateTime, NaiveDate};
use levain_plugin::time::{self, Clock, DAY, Day, Micros, Stamp, Tense, TimeError, align, at};

use super::super::json::{Json, parse};
use super::super::marker;
use super::super::schema::{Shape, TextKind, is_instant};
use crate::fuzzing::LONGEST_TEXT;

/// No marker reaches further, in microseconds.
const FURTHEST: Micros = 100 * 366 * DAY;
/// 2025-12-13T06:00:00Z, which the fixtures describe.
const BASE: Micros = 1_765_605_600_000_000;
/// Data clocks: the first instant that may be set, one in the night to a Monday, and the last.
const CLOCKS: [Micros; 3] = [
    946_684_800_000_000,
    1_772_409_599_999_999,
    4_133_980_799_999_999,
];
/// From here on a year has a form in every store.
const YEAR_ONE: Micros = -62_135_596_800_000_000;

/// Instants, days and markers: one form each, exact, and the same to another reader.
///
/// # Panics
/// Where they are not.
pub fn time(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    instant(text);
    day(text);
    stamp(text);
    host_marker(text);
}

fn instant(text: &str) {
    let theirs = DateTime::parse_from_rfc3339(text)
        .ok()
        .filter(|instant| instant.timestamp_subsec_nanos() < 1_000_000_000)
        .map(|instant| instant.timestamp_micros());
    match time::parse(text) {
        Ok(micros) => {
            assert_eq!(theirs, Some(micros));
            assert!(has_form(text, true));
            let written = time::format(micros);
            assert_eq!(time::parse(&written), Ok(micros));
            assert!(is_instant(text) <= (written == text));
            assert!(is_instant(&written) || micros < YEAR_ONE);
            assert_eq!(Stamp::parse(text), Ok(Stamp::At(micros)));
        }
        Err(error) => {
            check_error(&error, text);
            assert!(!is_instant(text));
            assert!(!has_form(text, true) || theirs.is_none());
        }
    }
}

fn day(text: &str) {
    let theirs = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    match time::parse_day(text) {
        Ok(day) => {
            assert!(has_form(text, false));
            let epoch = NaiveDate::default();
            assert_eq!(
                theirs().map(|theirs| theirs.signed_duration_since(epoch).num_days()),
                Some(day)
            );
            assert_eq!(time::format_day(day), text);
            assert_eq!(Stamp::parse_day(text), Ok(Stamp::At(at(day, 0))));
        }
        Err(error) => {
            check_error(&error, text);
            assert!(!has_form(text, false) || theirs().is_none());
        }
    }
}

/// `YYYY-MM-DD`, and for an instant `THH:MM:SS`, at most six digits of a fraction, and `Z`.
fn has_form(text: &str, instant: bool) -> bool {
    let like = |text: &str, form: &str| {
        text.len() == form.len()
            && text
                .bytes()
                .zip(form.bytes())
                .all(|(byte, form)| match form {
                    b'0' => byte.is_ascii_digit(),
                    form => byte == form,
                })
    };
    if !instant {
        return like(text, "0000-00-00");
    }
    let Some((whole, rest)) = text.split_at_checked(19) else {
        return false;
    };
    let fraction = rest.strip_suffix('Z');
    like(whole, "0000-00-00T00:00:00")
        && fraction.is_some_and(|fraction| {
            fraction.is_empty()
                || ".000000"
                    .get(..fraction.len())
                    .is_some_and(|form| form.len() > 1 && like(fraction, form))
        })
}

fn stamp(text: &str) {
    let stamp = Stamp::parse(text);
    if text.starts_with("BASE_TS") {
        assert_eq!(Stamp::parse_day(text), stamp);
    }
    if let Err(error) = &stamp {
        check_error(error, text);
    }
    let json = serde_json::to_string(text).unwrap_or_default();
    let read = serde_json::from_str::<Stamp>(&json).ok();
    let expected = match text.len() {
        10 => Stamp::parse_day(text),
        _ => stamp.clone(),
    };
    assert_eq!(read, expected.ok());
    let Ok(stamp) = stamp else { return };
    if let Stamp::Marker(offset) = stamp {
        assert!(text.starts_with("BASE_TS"));
        assert!((-FURTHEST..=FURTHEST).contains(&offset));
        let size = offset.unsigned_abs();
        let written = |sign: char| {
            format!(
                "BASE_TS {sign} {}.{:06}s",
                size / 1_000_000,
                size % 1_000_000
            )
        };
        let sign = |minus: bool| if minus { '-' } else { '+' };
        assert_eq!(Stamp::parse(&written(sign(offset < 0))), Ok(stamp));
        assert_eq!(
            Stamp::parse(&written(sign(offset >= 0))),
            Ok(Stamp::Marker(-offset))
        );
        assert_eq!(parts(text), offset, "the parts add up");
    }
    for now in CLOCKS {
        told(stamp, Clock { now, base: BASE });
    }
}

/// The offset of a sound marker, as the sum of its parts, each a marker of its own.
fn parts(text: &str) -> Micros {
    let rest = text.trim_start_matches("BASE_TS");
    let Some(start) = rest.find(['+', '-']) else {
        return 0;
    };
    let (sign, parts) = rest.split_at(start + 1);
    parts
        .trim_start_matches([' ', '\t'])
        .split_inclusive(|c: char| c.is_ascii_lowercase())
        .map(|part| match Stamp::parse(&format!("BASE_TS{sign}{part}")) {
            Ok(Stamp::Marker(offset)) => offset,
            other => panic!("{part} alone is {other:?}"),
        })
        .sum()
}

/// A stamp as a session tells it: no alignment carries it across the data clock.
fn told(stamp: Stamp, clock: Clock) {
    let instant = clock.resolve(stamp);
    let tense = clock.tense(instant);
    let day = clock.resolve_day(stamp);
    for rule in [
        align::working_day,
        align::future_weekend,
        align::monday,
        align::business_hours,
    ] {
        let aligned = clock.aligned(stamp, rule);
        assert_eq!(clock.tense(aligned), tense);
        assert!(aligned.abs_diff(instant) < 7 * DAY.unsigned_abs());
        assert!(!stamp.is_marker() || aligned == instant);
        assert!((tense == Tense::Past) == (aligned <= clock.now));
    }
    assert!(clock.series(stamp).abs_diff(instant) <= 8 * DAY.unsigned_abs());
    assert!((time::day_of(instant) - day).abs() <= 1);
    for text in [time::format(instant), time::format_day(day)] {
        assert!(Stamp::parse(&text).is_ok() || Stamp::parse_day(&text).is_ok());
    }
}

/// Markers of a fixture, as the host resolves them in each kind of field.
fn host_marker(text: &str) {
    let json = serde_json::to_string(text).unwrap_or_default();
    let Ok(value) = parse(&json) else { return };
    for kind in [
        Some(TextKind::Instant),
        Some(TextKind::Day),
        Some(TextKind::Id),
        None,
    ] {
        let shape = Shape {
            text: kind,
            ..Shape::default()
        };
        let mut faults = Vec::new();
        let resolved = marker::resolve(&value, Some(&shape), BASE, &mut faults);
        for fault in &faults {
            assert!(fault.message.len() <= 3 * text.len() + LONGEST_TEXT);
        }
        if !text.starts_with("BASE_TS") {
            let told = match kind {
                Some(TextKind::Id) => text.to_ascii_lowercase(),
                _ => text.to_owned(),
            };
            assert_eq!(resolved.as_text(), Some(told.as_str()));
            assert!(faults.is_empty());
            continue;
        }
        let stamp = Stamp::parse(text);
        let sound = stamp.is_ok() && matches!(kind, Some(TextKind::Instant | TextKind::Day));
        assert_eq!(faults.is_empty(), sound);
        let Json::Text(resolved) = &resolved else {
            panic!("a text became {resolved:?}");
        };
        let told = match stamp {
            Ok(Stamp::Marker(offset)) => BASE + offset,
            _ => BASE,
        };
        match kind {
            Some(TextKind::Instant) => {
                assert_eq!(time::parse(resolved), Ok(told));
                assert!(is_instant(resolved));
            }
            Some(TextKind::Day) => {
                let day: Day = time::day_of(told);
                assert_eq!(time::parse_day(resolved), Ok(day));
            }
            Some(TextKind::Id) | None => assert_eq!(resolved, text),
        }
    }
}

/// The text of an error names its input once or twice, and no more.
fn check_error(error: &TimeError, text: &str) {
    assert!(error.to_string().len() <= 2 * text.len() + LONGEST_TEXT);
}
