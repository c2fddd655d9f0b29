//! A version that misbehaves again and again costs its own domain, and nobody else.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Answer, Metrics, Puppets, TestApp};

/// What a call of the domain that spins may take.
const DEADLINE_MS: u32 = 1500;
/// Sessions that ask for it at once.
const CROWD: usize = 24;

/// A host whose account `show` has an optional domain that does as it is told, and account `other` the same one that
/// behaves.
async fn host(behaviour: &str, timeout_ms: u32, settings: &[(&'static str, &str)]) -> Arc<TestApp> {
    let mut puppets = Puppets::misbehaving("extra", behaviour)
        .with_timeout_ms(20_000)
        .with_optional_timeout_ms(timeout_ms);
    puppets.add_account("other", "extra", "honest");
    let settings = [&[("creations_per_minute", "0")], settings].concat();
    Arc::new(TestApp::with(&puppets.load().hosting, &settings).await)
}

fn service<'s>(session: &'s Value, domain: &str) -> &'s Value {
    let tenant = session["virtual_tenant_id"].as_str().unwrap();
    &session["services"][tenant][domain]
}

/// Creates a session that is told from an instant, whatever becomes of it.
async fn create_at(app: &TestApp, account: &str, instant: &str) -> Answer {
    let body = json!({"demo_account_type": account, "session_created_at": instant});
    app.post_internal("/api/demo/sessions", &body).await
}

async fn health(app: &TestApp, domain: &str) -> Value {
    let path = format!("/api/plugins/{domain}");
    app.administer(Method::GET, &path, b"").await.expect(200)
}

async fn circuits_open(app: &TestApp, domain: &str) -> f64 {
    let metrics = Metrics::read(&app.get("/metrics").await.text);
    metrics.value(&format!(
        "levain_plugin_circuits_open{{service=\"{domain}\"}}"
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn spinning_optional_domain_costs_its_deadline_and_no_more() {
    let app = host("loop", DEADLINE_MS, &[]).await;
    let mut crowd = JoinSet::new();
    for place in 0..CROWD + 8 {
        let app = Arc::clone(&app);
        let account = if place < CROWD { "show" } else { "other" };
        crowd.spawn(async move { (account, app.create(account).await) });
    }
    let most = f64::from(DEADLINE_MS) + 2000.0;
    for (account, answer) in crowd.join_all().await {
        let session = answer.expect(200);
        let took = session["duration_ms"].as_f64().unwrap();
        assert!(took <= most, "{account}: {session:#}");
        assert_eq!(
            service(&session, "lead")["status"],
            "completed",
            "{session:#}"
        );
        let extra = service(&session, "extra");
        if account == "other" && extra["status"] == "completed" {
            continue;
        }
        assert_eq!(session["status"], "PARTIAL", "{session:#}");
        let error = &extra["error"];
        let code = error["code"].as_str().unwrap();
        // A call of the version that behaves may have waited for those that do not, and for nothing else.
        assert!(account == "show" || code == "no_thread", "{session:#}");
        assert!(
            ["timeout", "no_thread", "circuit_open"].contains(&code),
            "{error:#}"
        );
        let told = error["message"].as_str().unwrap();
        assert!(told.contains("1500 ms") && told.len() < 1000, "{error:#}");
    }

    // Those that come later do not wait at all, and are told why.
    let session = app.create("show").await.expect(200);
    let error = &service(&session, "extra")["error"];
    assert_eq!(error["code"], "circuit_open", "{session:#}");
    let told = error["message"].as_str().unwrap();
    assert!(
        told.contains("clone of show") && told.contains("2026-03-02T10:00:30Z"),
        "{told}"
    );
    let shown = health(&app, "extra").await;
    assert_eq!(shown["health"], "failing", "{shown:#}");
    assert!(
        shown["reason"].as_str().unwrap().contains("clone of show"),
        "{shown:#}"
    );
    assert_eq!(health(&app, "lead").await["health"], "serving");
    assert_eq!(circuits_open(&app, "extra").await, 1.0);
    assert_eq!(circuits_open(&app, "lead").await, 0.0);
    // What fails for one account works for another.
    assert_eq!(app.create("other").await.expect(200)["status"], "READY");
}

#[tokio::test(flavor = "multi_thread")]
async fn open_circuit_is_probed_by_one_call_and_closes() {
    const OFF_THE_HOUR: &str = "2026-03-02T10:30:00Z";
    const ON_THE_HOUR: &str = "2026-03-02T11:00:00Z";
    let app = host("loop-off-the-hour", 100, &[]).await;
    let code = async |instant: &str| {
        let session = create_at(&app, "show", instant).await.expect(200);
        service(&session, "extra")["error"]["code"].clone()
    };
    for _ in 0..3 {
        assert_eq!(code(OFF_THE_HOUR).await, "timeout");
    }
    assert_eq!(code(ON_THE_HOUR).await, "circuit_open");
    app.clock.advance(Duration::from_secs(29));
    assert_eq!(code(ON_THE_HOUR).await, "circuit_open");

    // After its rest one call is made, however many ask; it fails, and the rest begins anew.
    app.clock.advance(Duration::from_secs(1));
    let mut crowd = JoinSet::new();
    for _ in 0..6 {
        let app = Arc::clone(&app);
        crowd.spawn(async move { create_at(&app, "show", OFF_THE_HOUR).await });
    }
    let codes: Vec<Value> = crowd
        .join_all()
        .await
        .iter()
        .map(|answer| service(&answer.expect(200), "extra")["error"]["code"].clone())
        .collect();
    let probes = codes.iter().filter(|code| **code == "timeout").count();
    let fast = codes.iter().filter(|code| **code == "circuit_open").count();
    assert_eq!((probes, fast), (1, 5), "{codes:?}");
    assert_eq!(circuits_open(&app, "extra").await, 1.0);

    app.clock.advance(Duration::from_secs(30));
    assert_eq!(code(ON_THE_HOUR).await, Value::Null, "the probe ends well");
    assert_eq!(circuits_open(&app, "extra").await, 0.0);
    assert_eq!(health(&app, "extra").await["health"], "serving");
    assert_eq!(code(ON_THE_HOUR).await, Value::Null);
    // It begins to count anew.
    assert_eq!(code(OFF_THE_HOUR).await, "timeout");
    assert_eq!(code(ON_THE_HOUR).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_circuit_of_required_domain_fails_its_sessions_fast() {
    let mut puppets = Puppets::misbehaving("lead", "grow");
    puppets.add_account("other", "extra", "honest");
    let app = TestApp::with(&puppets.load().hosting, &[("breaker_failures", "2")]).await;
    let mut codes = Vec::new();
    for _ in 0..4 {
        let problem = app.create("show").await.problem(502, "session_failed");
        let tenants = problem["services"].as_object().unwrap();
        let services = tenants.values().next().unwrap();
        codes.push(services["lead"]["error"]["code"].clone());
    }
    let expected = [
        "memory_limit",
        "memory_limit",
        "circuit_open",
        "circuit_open",
    ];
    assert_eq!(codes, expected);
    // What fails for one account works for another.
    assert_eq!(app.create("other").await.expect(200)["status"], "READY");
    app.get("/readyz").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn spinning_trigger_is_failed_fast() {
    let stage = Puppets::triggering("extra", "trigger-loop").load();
    let app = TestApp::over(&stage.hosting).await;
    let mut codes = Vec::new();
    for _ in 0..4 {
        let answer = app.create("show").await;
        assert_eq!(answer.expect(200)["status"], "READY");
        codes.push(answer.text.contains("circuit_open"));
    }
    assert_eq!(codes, [false, false, false, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_end_before_the_lease_of_their_session_does() {
    let app = host("loop", 60_000, &[("lease_seconds", "5")]).await;
    let session = app.create("show").await.expect(200);
    assert_eq!(session["status"], "PARTIAL", "{session:#}");
    let error = &service(&session, "extra")["error"];
    assert_eq!(error["code"], "timeout", "{error:#}");
    let told = error["message"].as_str().unwrap();
    assert!(told.contains("lease of 5 s left it no more"), "{told}");
    // A session that leaves it less time than its domain does is no proof against a version.
    let now: DateTime<Utc> = "2026-03-02T10:00:00Z".parse().unwrap();
    assert!(app.sessions.now() == now && circuits_open(&app, "extra").await == 0.0);
}
