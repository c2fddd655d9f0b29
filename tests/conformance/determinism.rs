//! The same clock tells the same story, to the byte; two sessions share no id; whole weeks shift it
//! and change nothing else (domain specification, sections 6 and 7).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use levain::segment::sha256_hex;
use levain_plugin::time::{self, DAY, Micros};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Records, TestApp};

fn now() -> DateTime<Utc> {
    "2026-03-02T10:00:00.000125Z".parse().unwrap()
}

/// The digest of each domain's canonical export.
async fn digests(app: &TestApp, session: &Value) -> BTreeMap<String, String> {
    let mut digests = BTreeMap::new();
    for domain in app.sessions.catalog().domains() {
        let export = app.canonical(session, &domain.slug).await;
        digests.insert(domain.slug.clone(), sha256_hex(export.as_bytes()));
    }
    digests
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_sessions_of_one_instant_are_one() {
    let app = TestApp::bakery().await;
    let mut first = None;
    let mut tenants = BTreeSet::new();
    for _ in 0..100 {
        let session = app.create_at("professional", now()).await;
        tenants.insert(session["virtual_tenant_id"].to_string());
        let found = digests(&app, &session).await;
        assert_eq!(found.len(), 11, "{found:?}");
        assert_eq!(first.get_or_insert_with(|| found.clone()), &found);
        let id = session["session_id"].as_str().unwrap();
        app.delete(&format!("/api/demo/sessions/{id}")).await.expect(200);
    }
    assert_eq!(tenants.len(), 100);
    // The digest sees a change: a second later is another story.
    let later = app.create_at("professional", now() + Duration::seconds(1)).await;
    assert_ne!(first.unwrap()["production"], digests(&app, &later).await["production"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sessions_share_no_id() {
    let app = TestApp::bakery().await;
    let mut of = Vec::new();
    for _ in 0..2 {
        let session = app.create_at("professional", now()).await;
        let mut ids = BTreeSet::new();
        for (_, records) in Records::of(&app, &session).await.iter() {
            records.iter().for_each(|record| collect_ids(record, &mut ids));
        }
        of.push(ids);
    }
    assert!(of[0].len() >= 3_500, "{}", of[0].len());
    assert_eq!(of[0].len(), of[1].len());
    let shared: Vec<_> = of[0].intersection(&of[1]).collect();
    assert!(shared.is_empty(), "{shared:?}");
}

fn collect_ids(value: &Value, ids: &mut BTreeSet<Uuid>) {
    match value {
        Value::String(text) => ids.extend(text.parse::<Uuid>()),
        Value::Array(items) => items.iter().for_each(|item| collect_ids(item, ids)),
        Value::Object(fields) => fields.values().for_each(|field| collect_ids(field, ids)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_weeks_shift_every_date_and_nothing_else() {
    let base = told_at(now()).await;
    for weeks in [1, -7, 52, 1_305] {
        let by = Duration::weeks(weeks);
        let moved = told_at(now() + by).await;
        let by = by.num_microseconds().unwrap();
        for (entity, records) in base.iter() {
            let expected: Vec<Value> = records.iter().map(|record| shifted(record, by)).collect();
            let found = moved.all(entity);
            assert_eq!(found.len(), expected.len(), "{entity}, {weeks} weeks");
            for (found, expected) in found.iter().zip(&expected) {
                assert_eq!(found, expected, "{entity}, {weeks} weeks");
            }
            let dated = records.iter().zip(found).filter(|(before, after)| before != after).count();
            assert!(dated > 0 || !has_date(&records[0]), "{entity}: nothing moved");
        }
    }
}

/// The records of one tenant at an instant, from a host of its own.
async fn told_at(instant: DateTime<Utc>) -> Records {
    let app = TestApp::bakery().await;
    let body = json!({
        "demo_account_type": "professional",
        "session_created_at": instant.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        "virtual_tenant_id": "5e550000-0000-4000-8000-000000000001",
    });
    let session = app.post_internal("/api/demo/sessions", &body).await.expect(200);
    assert_eq!(session["status"], "READY", "{session:#}");
    Records::of(&app, &session).await
}

fn has_date(value: &Value) -> bool {
    shifted(value, DAY) != *value
}

fn shifted(value: &Value, by: Micros) -> Value {
    match value {
        Value::String(text) => shifted_text(text, by).unwrap_or_else(|| text.clone()).into(),
        Value::Array(items) => items.iter().map(|item| shifted(item, by)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, field)| (name.clone(), shifted(field, by))).collect()
        }
        other => other.clone(),
    }
}

/// An instant, a day, or a code with a day inside.
fn shifted_text(text: &str, by: Micros) -> Option<String> {
    if let Ok(instant) = time::parse(text) {
        return Some(time::format(instant + by));
    }
    if let Ok(day) = time::parse_day(text) {
        return Some(time::format_day(day + by / DAY));
    }
    let (prefix, rest) = text.split_once('-')?;
    let (date, suffix) = rest.split_once('-')?;
    if date.len() != 8 || suffix.len() != 6 {
        return None;
    }
    let day = format!("{}-{}-{}", date.get(..4)?, date.get(4..6)?, date.get(6..)?);
    let moved = time::format_day(time::parse_day(&day).ok()? + by / DAY).replace('-', "");
    Some(format!("{prefix}-{moved}-{suffix}"))
}
