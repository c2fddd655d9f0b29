//! Plugins that were not written in Rust: an apiary (`tests/apiary`), one domain of which is in JavaScript and the
//! other in Python (`tests/toolchains`). Where their compilers cannot be had, every test here says that it is
//! skipped.

use std::time::Duration;

use axum::http::Method;
use chrono::{DateTime, Utc};
use levain::sandbox::{CallContext, CallError, Limits};
use levain_catalog::FixtureSlice;
use levain_model::{EntityCount, Segment};
use serde_json::{Value, json};

use super::shifted::Trade;
use crate::support::{Hosting, INTERNAL_KEY, TestApp, apiary};

const APIARY: Trade = Trade {
    folder: "apiary",
    base_reference: "2024-05-15T06:00:00Z",
    domains: &["yard", "honey"],
    ids: &["spun_by"],
};

/// Two tenants.
const TENANTS: [&str; 2] = [
    "4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10",
    "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d",
];

/// Instants that calendars are got wrong at, to the microsecond.
const INSTANTS: [&str; 5] = [
    "2024-05-15T06:00:00Z",
    "2024-02-29T23:59:59.999999Z",
    "2026-03-29T01:30:00.000001Z",
    "2000-01-01T00:00:00Z",
    "2100-12-31T23:59:59.5Z",
];

fn hosting() -> Option<&'static Hosting> {
    apiary(&APIARY.catalog())
}

/// The session's path, or one below it.
fn path(session: &Value, below: &str) -> String {
    let id = session["session_id"].as_str().unwrap();
    format!("/api/demo/sessions/{id}{below}")
}

#[tokio::test(flavor = "multi_thread")]
async fn javascript_and_python_plugins_serve_a_session() {
    let Some(hosting) = hosting() else { return };
    for plugin in hosting.plugins.all_active() {
        let shape = plugin.component.shape();
        let foreign: Vec<&String> = shape
            .imports
            .iter()
            .filter(|name| !name.starts_with("levain:domain/"))
            .collect();
        assert!(foreign.is_empty(), "{} imports {foreign:?}", plugin.domain);
    }
    let app = TestApp::over(hosting).await;
    let session = app.create("linden").await.expect(200);
    assert_eq!(session["status"], "READY", "{session:#}");
    let tenant = session["virtual_tenant_id"].as_str().unwrap();
    let services = &session["services"][tenant];
    assert_eq!(
        services["yard"]["records_cloned"],
        json!({"keeper": 3, "hive": 9, "total": 12})
    );
    assert_eq!(
        services["honey"]["records_cloned"],
        json!({"inspection": 24, "lot": 5, "total": 29})
    );
    APIARY.compare(&app, &session).await;

    // The host makes it again, and compares every byte.
    let key = [("x-internal-api-key", INTERNAL_KEY)];
    let verify = path(&session, "/verify");
    let verified = app.call(Method::POST, &verify, &key, &Value::Null).await;
    assert_eq!(
        verified.expect(200),
        json!({"verified": true, "segments": 4, "differences": []})
    );

    let deleted = app.delete(&path(&session, "")).await.expect(200);
    assert_eq!(deleted["records_deleted"], 41, "{deleted:#}");
    let database = app.database().await;
    assert_eq!(database.number("SELECT count(*) FROM segments").await, 0);
    // The plans of both were followed.
    let audit = database.texts("SELECT status FROM demo_cleanup_audit");
    assert_eq!(audit.await, ["SUCCESS"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn their_records_follow_from_tenant_and_instant_alone() {
    let Some(hosting) = hosting() else { return };
    let app = TestApp::over(hosting).await;
    for instant in INSTANTS {
        let mut canonical = Vec::new();
        for tenant in TENANTS {
            let mut seen = Vec::new();
            for _ in 0..2 {
                let body = json!({
                    "demo_account_type": "linden",
                    "session_created_at": instant,
                    "virtual_tenant_id": tenant,
                });
                let session = app.post_internal("/api/demo/sessions", &body).await;
                let session = session.expect(200);
                assert_eq!(session["status"], "READY", "{instant}: {session:#}");
                APIARY.compare(&app, &session).await;
                let stored = "SELECT rows FROM segments ORDER BY domain, entity";
                seen.push(app.database().await.texts(stored).await);
                let mut told = Vec::new();
                for domain in APIARY.domains {
                    told.push(app.canonical(&session, domain).await);
                }
                canonical.push(told);
                app.delete(&path(&session, "")).await.expect(200);
            }
            assert_eq!(seen[0].len(), 4, "{instant}");
            assert_eq!(seen[0], seen[1], "{instant}: not the same bytes");
        }
        // Tenants differ in their ids and in nothing else.
        assert!(
            canonical.iter().all(|told| *told == canonical[0]),
            "{instant}: {canonical:#?}"
        );
    }
}

/// What a plugin is told of a session that nobody created.
fn context(domain: &str) -> CallContext {
    let instant = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    CallContext {
        domain: domain.to_owned(),
        purpose: levain::sandbox::Purpose::Session,
        session_id: "demo_0".to_owned(),
        account: "linden".to_owned(),
        base_tenant_id: "e0000000-0000-4000-8000-000000000001".parse().unwrap(),
        tenant_id: TENANTS[0].parse().unwrap(),
        parent_tenant_id: None,
        outlet: None,
        session_created_at: instant("2026-03-02T10:00:00Z"),
        base_reference: instant(APIARY.base_reference),
    }
}

fn limits(hosting: &Hosting, domain: &str) -> Limits {
    let domains = hosting.catalog.domains().iter();
    let domain = domains.clone().find(|found| found.slug == domain).unwrap();
    Limits::of(domain, &hosting.catalog.limits(), &hosting.limits)
}

#[test]
fn they_answer_for_a_fixture_that_is_wrong_and_do_not_trap() {
    let Some(hosting) = hosting() else { return };
    for (domain, entity, id_field) in [
        ("yard", "hive", "keeper_id"),
        ("honey", "inspection", "hive_id"),
    ] {
        let component = &hosting.plugins.active(domain).unwrap().component;
        let (context, limits) = (context(domain), limits(hosting, domain));
        let clone = |entity: &str, rows: &str| {
            let slice = [Segment {
                entity: entity.to_owned(),
                rows: rows.to_owned(),
            }];
            let sandbox = &hosting.sandbox;
            sandbox.clone_tenant(
                component,
                &FixtureSlice::loose(slice.to_vec()),
                &context,
                &limits,
            )
        };
        let sound = APIARY.fixture(domain)[entity][0].clone();
        let with = |field: &str, value: Value| {
            let mut record = sound.clone();
            record[field] = value;
            json!([record]).to_string()
        };
        let id = sound["id"].as_str().unwrap();
        let instant = if domain == "yard" {
            "settled_at"
        } else {
            "seen_at"
        };
        for (entity, rows, record, said) in [
            ("letter", "[]".to_owned(), None, "and"),
            (entity, "[{".to_owned(), None, "JSON"),
            (entity, "{}".to_owned(), None, "array"),
            (entity, "[7]".to_owned(), Some("0"), "object"),
            (entity, with("id", json!(7)), Some("0"), "`id`"),
            (entity, with(id_field, json!("x")), Some(id), id_field),
            (
                entity,
                with(instant, json!("2024-02-30T00:00:00Z")),
                Some(id),
                instant,
            ),
        ] {
            match clone(entity, &rows) {
                Err(CallError::InvalidFixture {
                    entity: told,
                    record: which,
                    reason,
                }) => {
                    assert_eq!(
                        (told.as_str(), which.as_deref()),
                        (entity, record),
                        "{domain}: {rows}: {reason}"
                    );
                    assert!(reason.contains(said), "{domain}: {rows}: {reason}");
                }
                other => panic!("{domain}: {rows}: {other:?}"),
            }
        }
        // An empty slice, and an entity without records, are no fault.
        let nothing = hosting.sandbox.clone_tenant(
            component,
            &FixtureSlice::loose(Vec::new()),
            &context,
            &limits,
        );
        assert_eq!(nothing.unwrap().0, []);
        assert_eq!(clone(entity, "[]").unwrap().0[0].rows, "[]");

        // What it is to plan the end of, dependents first; as often as it is asked.
        let fixture = APIARY.fixture(domain);
        let held: Vec<EntityCount> = fixture
            .as_object()
            .unwrap()
            .iter()
            .map(|(entity, rows)| EntityCount {
                entity: entity.clone(),
                records: u32::try_from(rows.as_array().unwrap().len()).unwrap(),
            })
            .collect();
        for _ in 0..2 {
            let plan = hosting
                .sandbox
                .plan_cleanup(component, &context, &held, &limits);
            let (mut plan, cost) = plan.unwrap();
            assert!(cost.duration < Duration::from_secs(5), "{cost:?}");
            assert_eq!(plan.deletions[0].entity, entity, "{domain}");
            plan.deletions.sort_by(|a, b| a.entity.cmp(&b.entity));
            assert_eq!(plan.deletions, held, "{domain}");
        }
    }
}
