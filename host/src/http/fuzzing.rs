//! Fuzz target of queries: filters, cursors, pages. See [`crate::fuzzing`].

use axum::body::HttpBody as _;
use axum::extract::Query;
use axum::http::Uri;
use axum::response::IntoResponse as _;
use serde_json::{Map, Value, json};

use super::extract::{QueryPairs, read_instant, read_uuid};
use super::params::{ListingParams, SessionListParams};
use super::problem::Problem;
use super::records::{Cursor, Filter, SessionCursor, impossible, select};
use levain_model::sha256_hex;

/// The largest body of a refusal, in bytes.
const LARGEST_REFUSAL: u64 = 32 * 1024;
/// The fields of the records.
const FIELDS: &[&str] = &["id", "shade", "pages", "title", "limit"];

/// The first line is a query, the second a text for everything else that a query holds, the rest are
/// the records of a segment.
///
/// # Panics
/// If a property does not hold.
pub fn query(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (query, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (value, rows) = rest.split_once('\n').unwrap_or((rest, ""));
    cursors(value);
    values(value);
    let Some(pairs) = pairs(query) else { return };
    if let Ok(params) = SessionListParams::read(QueryPairs(pairs.clone())) {
        assert!((1..=500).contains(&params.limit));
    }
    let params = match ListingParams::read(QueryPairs(pairs.clone())) {
        Ok(params) => params,
        Err(problem) => return check_problem(problem),
    };
    assert!((1..=1000).contains(&params.limit()));
    let digest = sha256_hex(rows.as_bytes());
    if let Ok(from) = params.from(&digest) {
        assert!(u32::try_from(from).is_ok());
    }
    match params.filters(FIELDS) {
        Ok(filters) => {
            check_filters(&filters, &pairs);
            // A page is a pass over all records: few of them, so that an input costs little.
            let limit = params.limit().max(rows.len() / 16);
            check_pages(&filters, &pairs, rows, limit);
        }
        Err(problem) => check_problem(problem),
    }
}

/// A refusal's body has a bound, however long the query is.
fn check_problem(problem: Problem) {
    let size = problem.into_response().into_body().size_hint().exact();
    assert!(size.is_some_and(|size| size <= LARGEST_REFUSAL), "{size:?}");
}

/// The pairs of a query, as every route reads them.
fn pairs(query: &str) -> Option<Vec<(String, String)>> {
    let uri: Uri = format!("/?{query}").parse().ok()?;
    let Query(pairs) = Query::try_from_uri(&uri).ok()?;
    Some(pairs)
}

fn cursors(text: &str) {
    if let Some(position) = SessionCursor::read(text) {
        assert_eq!(SessionCursor::write(&position), text);
        assert!(!position.session_id.contains('\0'));
    }
    for digest in ["", "00", &sha256_hex(b"rows")] {
        if let Some(position) = Cursor::read(text, digest) {
            let written = Cursor::write(digest, position);
            assert!(written.eq_ignore_ascii_case(text));
            assert_eq!(Cursor::read(&written, digest), Some(position));
        }
    }
}

fn values(text: &str) {
    if let Ok(instant) = read_instant(text) {
        let micros = instant.timestamp_micros();
        let written = levain_plugin::time::format(micros);
        assert_eq!(levain_plugin::time::parse(&written), Ok(micros));
        assert!(read_instant(&written).is_ok_and(|again| again == instant));
    }
    if let Ok(id) = read_uuid(text) {
        assert_eq!(id.to_string(), text.to_ascii_lowercase());
    }
}

/// Each filter is of a field, and has the values that were asked for.
fn check_filters(filters: &[Filter], pairs: &[(String, String)]) {
    let schema = json!({"properties": {"shade": {"enum": ["red", "blue", null]}}});
    let (faults, _) = impossible(filters, &schema, &["attic"]).into_parts();
    assert!(faults.iter().all(|fault| fault.parameter.is_some()));
    for filter in filters {
        assert!(FIELDS.contains(&filter.field.as_str()));
        assert!(pairs.iter().any(|(name, _)| *name == filter.field));
    }
}

/// The pages of a listing, one after the other, are the records that match, each as it is written.
fn check_pages(filters: &[Filter], pairs: &[(String, String)], rows: &str, limit: usize) {
    let records = serde_json::from_str::<Vec<Map<String, Value>>>(rows);
    let mut found: Vec<Map<String, Value>> = Vec::new();
    let mut from = 0;
    loop {
        let Ok(page) = select([rows], filters, from, limit) else {
            // Only arrays of objects are stored.
            assert!(records.is_err());
            return;
        };
        assert!(page.records.len() <= limit);
        for record in page.records {
            assert!(rows.contains(record.get()));
            found.extend(serde_json::from_str(record.get()));
        }
        match page.next {
            Some(next) => {
                assert!(next > from, "a page leads back");
                from = next;
            }
            None => {
                assert!(records.is_err() || page.total == found.len());
                break;
            }
        }
    }
    if let Ok(mut records) = records {
        records.retain(|record| is_wanted(record, pairs));
        assert_eq!(found, records);
    }
}

/// What a query asks for, stated once more: each field that it names has one of its values.
fn is_wanted(record: &Map<String, Value>, pairs: &[(String, String)]) -> bool {
    let fields = FIELDS.iter().filter(|field| **field != "limit");
    fields
        .filter(|field| pairs.iter().any(|(name, _)| name == *field))
        .all(|field| {
            let value = record.get(*field).unwrap_or(&Value::Null);
            let wanted = pairs.iter().filter(|(name, _)| name == field);
            wanted.into_iter().any(|(_, wanted)| is(value, wanted))
        })
}

fn is(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(|element| is(element, wanted)),
        Value::String(text) => text == wanted,
        Value::Number(number) => {
            number.to_string() == wanted || number.as_f64() == wanted.parse().ok()
        }
        Value::Object(_) => false,
        Value::Null => wanted == "null",
        Value::Bool(truth) => wanted == if *truth { "true" } else { "false" },
    }
}
