//! A record as it is some whole weeks later: every instant, day and date moved, inside of texts as well.

use levain_plugin::spanish;
use levain_plugin::time::{self, DAY, Day, Micros};
use serde_json::{Value, json};

/// A value with every instant, day, date of a code and date in a sentence moved.
pub fn shifted(value: &Value, by: Micros) -> Value {
    match value {
        Value::String(text) => json!(shifted_text(text, by)),
        Value::Array(items) => items.iter().map(|item| shifted(item, by)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.clone(), shifted(field, by)))
            .collect(),
        other => other.clone(),
    }
}

fn shifted_text(text: &str, by: Micros) -> String {
    if let Ok(instant) = time::parse(text) {
        return time::format(instant + by);
    }
    if let Ok(day) = time::parse_day(text) {
        return time::format_day(day + by / DAY);
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let boundary = !out.ends_with(|c: char| c.is_ascii_digit());
        let (moved, length) = match (spanish_date(rest), code_date(&out, rest)) {
            (Some(day), _) if boundary => (spanish::date(day + by / DAY), 10),
            (_, Some(day)) => (time::format_day(day + by / DAY).replace('-', ""), 8),
            _ => (next.to_string(), next.len_utf8()),
        };
        out.push_str(&moved);
        rest = &rest[length..];
    }
    out
}

/// `DD/MM/YYYY` at the start of a text.
fn spanish_date(text: &str) -> Option<Day> {
    let date = text.get(..10)?;
    let (day, month, year) = (date.get(..2)?, date.get(3..5)?, date.get(6..)?);
    let slashes = date.get(2..3)? == "/" && date.get(5..6)? == "/";
    slashes.then(|| time::parse_day(&format!("{year}-{month}-{day}")).ok())?
}

/// `YYYYMMDD` at the start of a text, where it stands within a code: `PO-20260302-AB12CD`.
fn code_date(before: &str, text: &str) -> Option<Day> {
    let prefix = before.strip_suffix('-')?.chars().next_back()?;
    let date = text.get(..8)?;
    let suffix = text.get(8..15)?.strip_prefix('-')?;
    let is_code =
        prefix.is_ascii_uppercase() && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (year, month, day) = (date.get(..4)?, date.get(4..6)?, date.get(6..)?);
    is_code.then(|| time::parse_day(&format!("{year}-{month}-{day}")).ok())?
}

#[test]
fn dates_move_wherever_they_stand() {
    for (text, moved) in [
        ("2026-03-02T10:00:00Z", "2026-03-09T10:00:00Z"),
        ("2026-02-28", "2026-03-07"),
        ("PO-20260302-AB12CD", "PO-20260309-AB12CD"),
        (
            "El lote BATCH-20260228-A1B2C3 (9 h).",
            "El lote BATCH-20260307-A1B2C3 (9 h).",
        ),
        (
            "entre el 28/02/2026 05:00 y el 01/03/2026",
            "entre el 07/03/2026 05:00 y el 08/03/2026",
        ),
        ("Año 2026, lote NAT-251204", "Año 2026, lote NAT-251204"),
    ] {
        assert_eq!(shifted_text(text, 7 * DAY), moved);
    }
}
