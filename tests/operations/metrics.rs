//! `/metrics` has every name from the start, and tells what happened.

use std::collections::BTreeSet;

use axum::http::Method;
use levain::metrics::METRICS;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Host, INTERNAL_KEY, Metrics, Puppets, Store, TestApp, guests_dir, until};

/// The names that the product's dashboards know.
const OF_THE_PRODUCT: [&str; 8] = [
    "demo_sessions_created_total",
    "demo_sessions_deleted_total",
    "demo_cloning_errors_total",
    "demo_session_creation_duration_seconds",
    "demo_service_clone_duration_seconds",
    "demo_session_cleanup_duration_seconds",
    "demo_sessions_active",
    "demo_sessions_pending_cleanup",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_name_is_there_before_anything_happened() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let answer = app.get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.headers["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let metrics = Metrics::read(&answer.text);
    let known: BTreeSet<String> = METRICS
        .iter()
        .map(|metric| metric.name.to_owned())
        .collect();
    assert_eq!(metrics.names, known);
    for name in OF_THE_PRODUCT {
        assert!(metrics.names.contains(name), "{name}");
    }
    // An account that nobody asked for is there all the same.
    assert_eq!(metrics.value("demo_sessions_active{tier=\"show\"}"), 0.0);
    assert_eq!(metrics.value("demo_sessions_pending_cleanup"), 0.0);
}

#[test]
fn a_host_counts_what_it_does() {
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let catalog = Puppets::misbehaving("extra", "fail").write(&files);
    let host = Host::serve(&catalog, &guests_dir(), data.path());
    let before = host.metrics();
    for status in ["READY", "PARTIAL", "FAILED", "CANCELLED"] {
        let series = format!("demo_sessions_created_total{{tier=\"show\",status=\"{status}\"}}");
        assert_eq!(before.value(&series), 0.0);
    }
    let body = json!({"demo_account_type": "show"});
    let create = || host.call(Method::POST, "/api/demo/sessions", &[], &body);
    let ((_, first), (status, second)) = (create(), create());
    assert_eq!((status, &second["status"]), (200, &json!("PARTIAL")));

    let counted = until("both are counted as active", || {
        let metrics = host.metrics();
        (metrics.get("demo_sessions_active{tier=\"show\"}") == Some(2.0)).then_some(metrics)
    });
    for (series, value) in [
        (
            "demo_sessions_created_total{tier=\"show\",status=\"PARTIAL\"}",
            2.0,
        ),
        (
            "demo_sessions_created_total{tier=\"show\",status=\"READY\"}",
            0.0,
        ),
        (
            "demo_session_creation_duration_seconds_count{tier=\"show\"}",
            2.0,
        ),
        (
            "demo_session_creation_duration_seconds_bucket{tier=\"show\",le=\"60\"}",
            2.0,
        ),
        (
            "demo_service_clone_duration_seconds_count{tier=\"show\",service=\"lead\"}",
            2.0,
        ),
        (
            "demo_cloning_errors_total{tier=\"show\",service=\"extra\",error_type=\"plugin_failed\"}",
            2.0,
        ),
        (
            "levain_plugin_call_errors_total{service=\"extra\",call=\"clone\",error_type=\"plugin_failed\"}",
            2.0,
        ),
        (
            "levain_http_requests_total{method=\"POST\",route=\"/api/demo/sessions\",status=\"200\"}",
            2.0,
        ),
        ("levain_clones_under_way", 0.0),
        ("demo_sessions_pending_cleanup", 0.0),
    ] {
        assert_eq!(counted.value(series), value, "{series}");
    }
    let sum = counted.value("demo_session_creation_duration_seconds_sum{tier=\"show\"}");
    let own = |session: &Value| session["duration_ms"].as_f64().unwrap() / 1000.0;
    assert!(sum >= own(&first) + own(&second), "{sum}");

    let path = format!(
        "/api/demo/sessions/{}",
        first["session_id"].as_str().unwrap()
    );
    // It is cloned once more to be verified, which is nobody's session.
    let key = [("x-internal-api-key", INTERNAL_KEY)];
    let verify = format!("{path}/verify");
    let (_, verified) = host.call(Method::POST, &verify, &key, &Value::Null);
    assert_eq!(verified["verified"], true, "{verified:#}");
    let clones = "demo_service_clone_duration_seconds_count{tier=\"show\",service=\"lead\"}";
    assert_eq!(host.metrics().value(clones), 2.0);
    // A session is deleted once, however often that is asked for.
    for _ in 0..2 {
        assert_eq!(host.call(Method::DELETE, &path, &[], &Value::Null).0, 200);
    }
    let deleted = until("one is not active any more", || {
        let metrics = host.metrics();
        (metrics.get("demo_sessions_active{tier=\"show\"}") == Some(1.0)).then_some(metrics)
    });
    // The puppets forget what they hold: their plans are amiss.
    let series = "demo_sessions_deleted_total{tier=\"show\",status=\"PARTIAL\"}";
    assert_eq!(deleted.value(series), 1.0);
    let series = "demo_session_cleanup_duration_seconds_count{tier=\"show\"}";
    assert_eq!(deleted.value(series), 1.0);
    let ids = [&first["session_id"], &first["virtual_tenant_id"]];
    let shown = format!("{:?}", deleted.series(""));
    assert!(ids.iter().all(|id| !shown.contains(id.as_str().unwrap())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_does_not_answer_costs_its_own_numbers() {
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = Store::make(data.path()).await;
    let catalog = Puppets::new().write(&files);
    let flags = [("--database-url", store.url.as_str())];
    let host = Host::serve_with(&catalog, &guests_dir(), data.path(), &flags, &[]);
    let active = "demo_sessions_active{tier=\"show\"}";
    assert_eq!(host.metrics().value(active), 0.0);

    let database = store.open().await;
    database
        .execute("ALTER TABLE demo_sessions RENAME TO elsewhere")
        .await;
    let gap = until("the numbers are left out", || {
        let metrics = host.metrics();
        metrics.get(active).is_none().then_some(metrics)
    });
    assert_eq!(gap.get("demo_sessions_pending_cleanup"), None);
    assert!(gap.names.contains("demo_sessions_active"));
    assert!(gap.value("levain_session_counts_unavailable_total") >= 1.0);
    assert_eq!(gap.value("levain_clones_under_way"), 0.0);

    database
        .execute("ALTER TABLE elsewhere RENAME TO demo_sessions")
        .await;
    until("the numbers are back", || host.metrics().get(active));
}
