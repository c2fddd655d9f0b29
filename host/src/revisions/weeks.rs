//! The law of whole weeks: with a data clock that is whole weeks later, every date is that much later, and nothing else
//! changes.

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;
use uuid::Uuid;

use levain_model::StoredSegment;
use levain_model::fault::Fault;

/// The most faults listed per segment.
const MOST: usize = 5;

/// Compares a segment with the one whose data clock is `by` later.
pub(super) fn faults(before: &StoredSegment, after: &StoredSegment, by: TimeDelta) -> Vec<Fault> {
    let read = |held: &StoredSegment| -> Vec<Value> {
        serde_json::from_str(&held.rows).unwrap_or_default()
    };
    let mut search = Search {
        source: format!("{}.{}", before.domain, before.entity),
        by,
        faults: Vec::new(),
    };
    let (before, after) = (read(before), read(after));
    if before.len() != after.len() {
        let message = format!("{} records, and {} told later", before.len(), after.len());
        search.fault("", message);
    }
    for (index, (before, after)) in before.iter().zip(&after).enumerate() {
        search.value(&format!("/{index}"), before, after);
    }
    search.faults
}

struct Search {
    source: String,
    by: TimeDelta,
    faults: Vec<Fault>,
}

impl Search {
    fn fault(&mut self, pointer: &str, message: String) {
        if self.faults.len() < MOST {
            let message = format!("told {} days later: {message}", self.by.num_days());
            self.faults
                .push(Fault::new(&self.source, pointer, "whole_weeks", message));
        }
    }

    fn value(&mut self, pointer: &str, before: &Value, after: &Value) {
        match (before, after) {
            (Value::String(before), Value::String(after)) => self.text(pointer, before, after),
            (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
                for (index, (before, after)) in before.iter().zip(after).enumerate() {
                    self.value(&format!("{pointer}/{index}"), before, after);
                }
            }
            (Value::Object(before), Value::Object(after)) if before.keys().eq(after.keys()) => {
                for ((name, before), after) in before.iter().zip(after.values()) {
                    self.value(&format!("{pointer}/{name}"), before, after);
                }
            }
            _ if before != after => {
                self.fault(pointer, format!("{before} becomes {after}"));
            }
            _ => {}
        }
    }

    fn text(&mut self, pointer: &str, before: &str, after: &str) {
        // Eight digits in a row may be a date, and may be a number.
        let expected = shifted(before, self.by, &FORMS);
        let holds = expected == after
            || shifted(before, self.by, &SPELT_OUT) == after
            || could_spell_a_date(before, after);
        if holds {
            return;
        }
        self.fault(
            pointer,
            format!("{before:?} becomes {after:?}, not {expected:?}"),
        );
    }
}

/// Whether a sentence may hold a date in words that the host does not know: only sentences are given the
/// benefit of the doubt, and only where both have a number.
fn could_spell_a_date(before: &str, after: &str) -> bool {
    let is_spoken = |text: &str| {
        text.contains(char::is_whitespace) && text.contains(|c: char| c.is_ascii_digit())
    };
    is_spoken(before) && is_spoken(after)
}

/// How a date is written, and how long it is then.
type Form = (&'static str, usize);

/// Dates that are nothing else.
const SPELT_OUT: [Form; 2] = [("%Y-%m-%d", 10), ("%d/%m/%Y", 10)];
/// The same, and the date of a code.
const FORMS: [Form; 3] = [SPELT_OUT[0], SPELT_OUT[1], ("%Y%m%d", 8)];

/// A text with every date in it that much later.
fn shifted(text: &str, by: TimeDelta, forms: &[Form]) -> String {
    if Uuid::try_parse(text).is_ok() {
        return text.to_owned();
    }
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        let instant = instant.with_timezone(&Utc);
        return respelt(text, instant + by);
    }
    let mut shifted = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let inside = shifted.ends_with(|c: char| c.is_ascii_digit());
        match (!inside).then(|| date(rest, by, forms)).flatten() {
            Some((written, length)) => {
                shifted.push_str(&written);
                rest = rest.get(length..).unwrap_or_default();
            }
            None => {
                shifted.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    shifted
}

/// An instant with as many fraction digits as `like` has.
fn respelt(like: &str, instant: DateTime<Utc>) -> String {
    let digits = like.split_once('.').map_or(0, |(_, fraction)| {
        fraction.bytes().take_while(u8::is_ascii_digit).count()
    });
    match digits {
        0 => instant.to_rfc3339_opts(SecondsFormat::Secs, true),
        1..=3 => instant.to_rfc3339_opts(SecondsFormat::Millis, true),
        _ => instant.to_rfc3339_opts(SecondsFormat::Micros, true),
    }
}

/// A date at the start of a text, that much later, and how long it is there.
fn date(text: &str, by: TimeDelta, forms: &[Form]) -> Option<(String, usize)> {
    forms.iter().find_map(|(form, length)| {
        let written = text.get(..*length)?;
        if !written.starts_with(|c: char| c.is_ascii_digit())
            || text
                .get(*length..)?
                .starts_with(|c: char| c.is_ascii_digit())
        {
            return None;
        }
        let day = NaiveDate::parse_from_str(written, form).ok()?;
        Some(((day + by).format(form).to_string(), *length))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn held(rows: &Value) -> StoredSegment {
        StoredSegment {
            tenant_id: Uuid::nil(),
            domain: "lending".to_owned(),
            entity: "loan".to_owned(),
            part: String::new(),
            rows: rows.to_string(),
            records: 1,
            digest: String::new(),
        }
    }

    fn told(before: &Value, after: &Value) -> Vec<String> {
        let week = TimeDelta::weeks(1);
        faults(&held(before), &held(after), week)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn dates_move_and_nothing_else_does() {
        let before = json!([{
            "id": "0fb2b8f4-2026-4030-8202-603010000000", "due": "2026-02-28T10:00:00.000125Z", "day": "2026-02-28",
            "code": "L-20260228-AB", "said": "due 28/02/2026 10:00, in 3 days", "n": 20_260_228, "tags": ["2026"],
            "number": "B00001008",
        }]);
        let after = json!([{
            "id": "0fb2b8f4-2026-4030-8202-603010000000", "due": "2026-03-07T10:00:00.000125Z", "day": "2026-03-07",
            "code": "L-20260307-AB", "said": "due 07/03/2026 10:00, in 3 days", "n": 20_260_228, "tags": ["2026"],
            "number": "B00001008",
        }]);
        assert!(told(&before, &after).is_empty());
        assert_eq!(
            told(&before, &before).len(),
            2,
            "due and day; a code may be a number, and a sentence say it in words"
        );
        for (field, value) in [
            ("n", json!(1)),
            ("id", json!("1fb2b8f4-2026-4030-8202-603010000000")),
            ("code", json!("L-20260307-AC")),
            ("due", json!("2026-03-07T10:00:00.000126Z")),
            ("tags", json!(["2026", "x"])),
            ("said", json!("due soon")),
            ("said", json!(null)),
        ] {
            let mut other = after.clone();
            other[0][field] = value;
            let found = told(&before, &other);
            assert_eq!(found.len(), 1, "{field}: {found:?}");
            assert!(
                found[0].contains("whole_weeks") && found[0].contains(field),
                "{found:?}"
            );
        }
        assert_eq!(told(&before, &json!([])).len(), 1);
    }
}
