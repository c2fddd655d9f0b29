//! Whole weeks shift what triggers made as they shift the records: the dates by exactly that much, those
//! inside of texts and codes too, and nothing else.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, Utc};
use serde_json::{Value, json};

use super::group::Group;
use crate::support::TestApp;

async fn told_at(account: &str, now: DateTime<Utc>) -> Group {
    let app = TestApp::bakery().await;
    let body = json!({
        "demo_account_type": account,
        "session_created_at": now.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        "virtual_tenant_id": "5e550000-0000-4000-8000-000000000002",
    });
    let session = app
        .post_internal("/api/demo/sessions", &body)
        .await
        .expect(200);
    Group::of(&app, &session).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_weeks_change_dates_and_nothing_else() {
    let now: DateTime<Utc> = "2026-03-04T10:20:30.000125Z".parse().unwrap();
    for account in ["professional", "enterprise"] {
        let before = told_at(account, now).await;
        let mut moved_on = 0;
        for weeks in [1, -9, 1_305] {
            let by = Duration::weeks(weeks);
            let after = told_at(account, now + by).await;
            for (place, moved) in before.places.iter().zip(&after.places) {
                assert_eq!(place.tenant, moved.tenant);
                for (entity, records) in place.records.iter() {
                    let found = moved.records.all(entity);
                    assert_eq!(
                        found.len(),
                        records.len(),
                        "{account}, {entity}, {weeks} weeks"
                    );
                    for (record, found) in records.iter().zip(found) {
                        moved_on += usize::from(record != found);
                        assert_eq!(
                            &shifted(record, by),
                            found,
                            "{account}, {entity}, {weeks} weeks"
                        );
                    }
                }
            }
        }
        assert!(moved_on > 10_000, "{moved_on} records with a date");
    }
}

fn shifted(value: &Value, by: Duration) -> Value {
    match value {
        Value::String(text) => whole(text, by).unwrap_or_else(|| inside(text, by)).into(),
        Value::Array(items) => items.iter().map(|item| shifted(item, by)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.clone(), shifted(field, by)))
            .collect(),
        other => other.clone(),
    }
}

/// A text that is an instant or a day.
fn whole(text: &str, by: Duration) -> Option<String> {
    use levain_plugin::time;
    let by = by.num_microseconds().unwrap();
    if let Ok(instant) = time::parse(text) {
        return Some(time::format(instant + by));
    }
    let day = time::parse_day(text).ok()?;
    Some(time::format_day(day + by / time::DAY))
}

/// Every date inside of a sentence: `04/03/2026 10:20`, `PO-20260304-ABC123`.
fn inside(text: &str, by: Duration) -> String {
    let mut shifted = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let moved = spoken(rest, by).or_else(|| coded(rest, &shifted, by));
        let (written, length) = moved.unwrap_or_else(|| (first.to_string(), first.len_utf8()));
        shifted.push_str(&written);
        rest = &rest[length..];
    }
    shifted
}

fn spoken(rest: &str, by: Duration) -> Option<(String, usize)> {
    // The parser would skip a space before it.
    let date = rest
        .get(..16)
        .filter(|date| date.starts_with(|c: char| c.is_ascii_digit()))?;
    let at = NaiveDateTime::parse_from_str(date, "%d/%m/%Y %H:%M").ok()?;
    Some(((at + by).format("%d/%m/%Y %H:%M").to_string(), 16))
}

fn coded(rest: &str, before: &str, by: Duration) -> Option<(String, usize)> {
    let date = rest.get(..8)?;
    let parts = before.ends_with('-') && rest.get(8..9)? == "-";
    let is_code = parts
        && rest
            .get(9..15)?
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let day = NaiveDate::parse_from_str(date, "%Y%m%d")
        .ok()
        .filter(|_| is_code)?;
    Some(((day + by).format("%Y%m%d").to_string(), 8))
}

#[test]
fn dates_are_found_where_they_stand() {
    let by = Duration::weeks(1);
    assert_eq!(
        inside(
            "PO-20260304-ABC123 llega el 04/03/2026 10:20, 12/13 de 20260304",
            by
        ),
        "PO-20260311-ABC123 llega el 11/03/2026 10:20, 12/13 de 20260304"
    );
}
