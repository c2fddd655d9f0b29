//! The strict JSON, against `serde_json` and an independent statement of what is stricter.

use std::collections::BTreeSet;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Number, Value};

use super::super::json::{DEEPEST, Json, JsonFault, compact, parse, parse_rows, push_step};
use crate::fuzzing::LONGEST_TEXT;

/// How many rows the parse of rows is allowed.
const MOST_ROWS: usize = 12;

/// `parse` and `parse_rows` accept exactly the JSON that they claim to, and refuse the rest in words.
///
/// # Panics
/// Where they do not.
pub fn json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let parsed = parse(text);
    match &parsed {
        Ok(json) => {
            assert!(is_strict(text), "accepted, and not strict");
            check_accepted(json, text);
        }
        Err(fault) => {
            assert!(!is_strict(text), "refused, and strict: {fault}");
            check_fault(fault, text);
        }
    }
    check_rows(&parsed, text);
}

fn check_accepted(json: &Json<'_>, text: &str) {
    let value = json.to_value();
    assert!(serde_json::from_str::<Value>(text).is_ok_and(|theirs| theirs == value));
    assert!(json.equals(&value));
    let written = serde_json::to_string(json).unwrap_or_default();
    let again = parse(&written);
    assert_eq!(
        again.as_ref(),
        Ok(json),
        "it reads differently once written"
    );
    assert_eq!(
        again
            .ok()
            .and_then(|again| serde_json::to_string(&again).ok()),
        Some(written)
    );
    check_pointers(json, json, &mut String::new());
}

/// Every value is where its pointer leads to.
fn check_pointers(root: &Json<'_>, value: &Json<'_>, pointer: &mut String) {
    assert!(
        root.pointer(pointer)
            .is_some_and(|found| std::ptr::eq(found, value)),
        "{pointer} leads elsewhere"
    );
    let length = pointer.len();
    let mut inside = |step: &str, inner: &Json<'_>| {
        push_step(pointer, step);
        check_pointers(root, inner, pointer);
        pointer.truncate(length);
    };
    match value {
        Json::List(items) => {
            for (index, item) in items.iter().enumerate() {
                inside(&index.to_string(), item);
            }
        }
        Json::Object(fields) => {
            for (name, field) in fields.iter() {
                inside(name, field);
            }
        }
        _ => {}
    }
}

fn check_fault(fault: &JsonFault, text: &str) {
    assert!(!fault.message.is_empty());
    // A name that stands twice is in it, with its escapes.
    assert!(fault.message.len() <= 10 * text.len() + LONGEST_TEXT);
    assert!(fault.pointer.is_empty() || fault.pointer.starts_with('/'));
    // A step is at most its name, escaped, or an index.
    assert!(fault.pointer.len() <= 2 * text.len() + 20 * DEEPEST);
}

fn check_rows(parsed: &Result<Json<'_>, JsonFault>, text: &str) {
    let mut rows = Vec::new();
    let count = parse_rows(text, MOST_ROWS, |place, row| {
        assert_eq!(place, rows.len());
        rows.push(row);
    });
    assert!(rows.len() <= MOST_ROWS);
    match (parsed, count) {
        (Ok(Json::List(items)), Ok(read)) => {
            assert_eq!(items.len(), read.records);
            assert_eq!(items, &rows);
            check_compact(text, &Json::List(rows), read.is_spaced);
        }
        (Ok(Json::List(items)), Err(fault)) => {
            assert!(items.len() > MOST_ROWS, "{fault}");
            check_fault(&fault, text);
        }
        (Ok(_) | Err(_), Err(fault)) => check_fault(&fault, text),
        (Ok(_), Ok(_)) => panic!("rows of what is no array"),
        (Err(fault), Ok(_)) => panic!("rows of what is no JSON: {fault}"),
    }
}

/// Without the white space between its tokens a text is the same, and one that has none is left as it is.
fn check_compact(text: &str, json: &Json<'_>, is_spaced: bool) {
    let mut compacted = text.to_owned();
    compact(&mut compacted);
    assert!(
        is_spaced || compacted == text,
        "white space was not noticed"
    );
    assert_eq!(parse(&compacted).as_ref(), Ok(json));
    let once = compacted.clone();
    compact(&mut compacted);
    assert_eq!(compacted, once);
}

/// Whether a text is JSON that may be kept, stated once more: value by value, each parsed on its own.
fn is_strict(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok_and(|value| is_strict_value(value, 0))
}

fn is_strict_value(value: &RawValue, depth: usize) -> bool {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            let fields = serde_json::from_str::<Pairs<'_>>(text);
            depth < DEEPEST
                && fields.is_ok_and(|Pairs(fields)| {
                    let names: BTreeSet<&str> =
                        fields.iter().map(|(name, _)| name.as_str()).collect();
                    names.len() == fields.len()
                        && !names.iter().any(|name| name.contains('\0'))
                        && fields
                            .iter()
                            .all(|(_, field)| is_strict_value(field, depth + 1))
                })
        }
        Some(b'[') => {
            let items = serde_json::from_str::<Vec<&RawValue>>(text);
            depth < DEEPEST
                && items
                    .is_ok_and(|items| items.iter().all(|item| is_strict_value(item, depth + 1)))
        }
        Some(b'"') => serde_json::from_str::<String>(text).is_ok_and(|text| !text.contains('\0')),
        Some(b'-' | b'0'..=b'9') => is_kept(text),
        _ => true,
    }
}

/// Whether a number is one that every store reads as the same double.
fn is_kept(text: &str) -> bool {
    let Ok(number) = serde_json::from_str::<Number>(text) else {
        return false;
    };
    if number.is_i64() || number.is_u64() {
        return true;
    }
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let is_zero = digits.chars().all(|c| matches!(c, '-' | '0' | '.'));
    text.len() <= 1_100
        && exponent
            .parse::<i64>()
            .is_ok_and(|exponent| (-1_100..=1_100).contains(&exponent))
        && (is_zero || number.as_f64() != Some(0.0))
}

/// The fields of an object as any reader takes them: names may stand twice.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;

        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Pairs<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = entries.next_entry()? {
                    fields.push(field);
                }
                Ok(Pairs(fields))
            }
        }

        deserializer.deserialize_map(PairsVisitor)
    }
}
