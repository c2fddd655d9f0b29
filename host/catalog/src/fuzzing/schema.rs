//! Schemas: what is loaded is what records are then held to, and what columns promise.

use super::super::json::{Json, parse};
use super::super::schema::{EntitySchema, TextKind, is_instant, load};
use crate::fuzzing::LONGEST_TEXT;
use levain_model::ColumnKind;
use levain_model::fault::Fault;

/// What separates a schema from the records that it is tried on, one a line.
const SEPARATOR: &str = "\n---\n";

/// A schema is refused in words or loaded, and a record that it accepts fits its columns.
///
/// # Panics
/// Where it does not.
pub fn schema(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (text, records) = text.split_once(SEPARATOR).unwrap_or((text, ""));
    let mut faults = Vec::new();
    let loaded = load("shelving", "book", "book.schema.json", text, &mut faults);
    faults.iter().for_each(check_fault);
    assert!(loaded.is_some() || !faults.is_empty());
    let Some(schema) = loaded else { return };
    for record in records.lines().filter_map(|record| parse(record).ok()) {
        check_record(&schema, &record, faults.is_empty());
    }
    check_again(&schema, faults.len());
}

fn check_fault(fault: &Fault) {
    assert!(fault.to_string().len() <= LONGEST_TEXT);
    assert!(!fault.rule.is_empty() && !fault.message.is_empty());
}

/// `sound` says whether the schema has no fault: then its columns hold what they promise.
fn check_record(schema: &EntitySchema, record: &Json<'_>, sound: bool) {
    let valid = schema.validator.is_valid(record);
    assert_eq!(schema.validator.misses(record, 1).0.is_empty(), valid);
    if !valid || !sound {
        return;
    }
    let Some(fields) = record.as_object() else {
        panic!("a record that is no object is valid");
    };
    for column in &schema.columns {
        let value = fields.get(&column.name).unwrap_or(&Json::Null);
        let fits = match (column.kind, value) {
            (_, Json::Null) => column.nullable,
            (ColumnKind::Text, Json::Text(_))
            | (ColumnKind::Number, Json::Number(_))
            | (ColumnKind::Boolean, Json::Bool(_))
            | (ColumnKind::Json, Json::List(_) | Json::Object(_)) => true,
            (ColumnKind::Integer, Json::Number(number)) => {
                let exact = |number: f64| number.fract() == 0.0 && number.abs() < 2_f64.powi(52);
                number.is_i64() || number.as_f64().is_some_and(exact)
            }
            (ColumnKind::Timestamp, Json::Text(text)) => is_instant(text),
            (ColumnKind::Date, Json::Text(text)) => levain_plugin::time::parse_day(text).is_ok(),
            _ => false,
        };
        assert!(fits, "{column:?} cannot hold {value:?}");
    }
    for (name, _) in fields.iter() {
        let known = schema.columns.iter().any(|column| column.name == name);
        assert!(known, "no column for `{name}`");
    }
    for name in ["id", "tenant_id"] {
        let id = fields.get(name).and_then(Json::as_text);
        assert!(id.and_then(TextKind::id).is_some(), "{name} is no id");
    }
}

/// The document says the same, wherever it is written again.
fn check_again(schema: &EntitySchema, faults: usize) {
    let text = schema.document().to_string();
    let mut again = Vec::new();
    let loaded = load("shelving", "book", "book.schema.json", &text, &mut again);
    assert_eq!(again.len(), faults);
    // Objects of `serde_json` are ordered by name, and so are these columns.
    let sorted = |schema: &EntitySchema| {
        let mut columns = schema.columns.clone();
        columns.sort_by(|a, b| a.name.cmp(&b.name));
        columns
    };
    assert_eq!(loaded.as_ref().map(sorted), Some(sorted(schema)));
}
