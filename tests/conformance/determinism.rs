//! The same clock tells the same story, to the byte; two sessions share no id (domain specification,
//! sections 6 and 7).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use levain_model::sha256_hex;
use serde_json::Value;
use uuid::Uuid;

use crate::support::{Records, TestApp};

fn now() -> DateTime<Utc> {
    "2026-03-02T10:00:00.000125Z".parse().unwrap()
}

/// The digest of the canonical export of each domain of each tenant, what triggers made included.
async fn digests(app: &TestApp, session: &Value) -> BTreeMap<String, String> {
    let mut digests = BTreeMap::new();
    let mut tenants = vec![("head", &session["virtual_tenant_id"])];
    let children = session["children"].as_array().unwrap().iter();
    tenants.extend(children.map(|child| {
        let outlet = child["outlet"].as_str().unwrap();
        (outlet, &child["virtual_tenant_id"])
    }));
    for (place, tenant) in tenants {
        let tenant = tenant.as_str().unwrap();
        let services = session["services"][tenant].as_object().unwrap().keys();
        let made = ["alert_processor", "ai_insights", "dashboard"];
        for domain in services.map(String::as_str).chain(made) {
            let path = format!("/services/{domain}/internal/demo/export/{tenant}?form=canonical");
            let answer = app.get_internal(&path).await;
            answer.expect(200);
            digests.insert(
                format!("{place} {domain}"),
                sha256_hex(answer.text.as_bytes()),
            );
        }
    }
    digests
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_sessions_of_one_instant_are_one() {
    of_one_instant("professional", 100, 11 + 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_the_group_at_one_instant_are_one() {
    of_one_instant("enterprise", 10, 12 + 3 * 6 + 4 * 3).await;
}

async fn of_one_instant(account: &str, times: usize, exports: usize) {
    let app = TestApp::bakery().await;
    let mut first = None;
    let mut tenants = BTreeSet::new();
    for _ in 0..times {
        let session = app.create_at(account, now()).await;
        tenants.insert(session["virtual_tenant_id"].to_string());
        let found = digests(&app, &session).await;
        assert_eq!(found.len(), exports, "{found:?}");
        assert_eq!(first.get_or_insert_with(|| found.clone()), &found);
        let id = session["session_id"].as_str().unwrap();
        app.delete(&format!("/api/demo/sessions/{id}"))
            .await
            .expect(200);
    }
    assert_eq!(tenants.len(), times);
    // The digest sees a change: a second later is another story.
    let later = app.create_at(account, now() + Duration::seconds(1)).await;
    let (first, later) = (first.unwrap(), digests(&app, &later).await);
    for domain in ["head production", "head alert_processor", "head dashboard"] {
        assert_ne!(first[domain], later[domain]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sessions_share_no_id() {
    let app = TestApp::bakery().await;
    let mut of = Vec::new();
    for _ in 0..2 {
        let session = app.create_at("professional", now()).await;
        let mut ids = BTreeSet::new();
        for (_, records) in Records::of(&app, &session).await.iter() {
            records
                .iter()
                .for_each(|record| collect_ids(record, &mut ids));
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
