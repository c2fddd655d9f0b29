//! Server-Sent Events: a session's state as it changes.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use super::visit::{path, tenant};
use crate::support::{Answer, Events, Puppets, TestApp};

/// Begins a session and answers at once.
async fn begin(app: &TestApp, account: &str) -> Value {
    let body = json!({"demo_account_type": account});
    let headers = [("prefer", "respond-async")];
    app.call(Method::POST, "/api/demo/sessions", &headers, &body)
        .await
        .expect(202)
}

fn is(status: &str) -> impl Fn(&Value) -> bool {
    move |state| state["status"] == status
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_follows_a_session_from_its_clone_to_its_end() {
    let stage = Puppets::misbehaving("extra", "loop").load();
    let app = TestApp::over(&stage.hosting).await;
    let session = begin(&app, "show").await;
    let own = tenant(&session);
    let mut events = app.watch(&path(&session, "/events")).await;
    // One domain has ended while the other is under way.
    let domain = |state: &Value, domain: &str| state["progress"][own][domain]["status"].clone();
    let cloning = events
        .until(|state| domain(state, "lead") == "completed" && domain(state, "extra") == "cloning")
        .await;
    assert!(cloning.iter().all(is("CLONING")), "{cloning:#?}");
    let ended = events.until(is("PARTIAL")).await;
    let last = ended.last().unwrap();
    assert_eq!(
        (domain(last, "lead"), domain(last, "extra")),
        (json!("completed"), json!("failed"))
    );
    assert_eq!(*last, app.get(&path(&session, "/status")).await.expect(200));

    // A visible countdown goes by the end that it is told.
    app.call(Method::POST, &path(&session, "/extend"), &[], &Value::Null)
        .await
        .expect(200);
    let extended = events.next().await.unwrap();
    assert_eq!(extended["expires_at"], "2026-03-02T11:00:00Z");
    app.clock.advance(app.sessions.policy().duration * 2);
    assert_eq!(events.next().await.unwrap()["status"], "EXPIRED");

    app.delete(&path(&session, "")).await.expect(200);
    events.until(is("DESTROYED")).await;
    assert!(
        events.next().await.is_none(),
        "there is nothing more to tell"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_domain_of_the_bakery_is_shown() {
    let app = TestApp::bakery().await;
    let session = begin(&app, "professional").await;
    let mut events = app.watch(&path(&session, "/events")).await;
    let told = events.until(is("READY")).await;
    let own = tenant(&session);
    let shown: BTreeSet<&str> = told
        .iter()
        .flat_map(|state| state["progress"][own].as_object().unwrap())
        .filter(|(_, progress)| progress["status"] == "completed")
        .map(|(domain, _)| domain.as_str())
        .collect();
    let account = app.sessions.catalog().account("professional").unwrap();
    let domains: BTreeSet<&str> = account.slices.keys().map(String::as_str).collect();
    assert_eq!(shown, domains);
    let last = told.last().unwrap();
    assert_eq!(last["domains_done"], last["domains_total"]);
    assert_eq!(last["triggers_done"], last["triggers_total"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_host_stops() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    let mut events = app.watch(&path(&session, "/events")).await;
    assert_eq!(events.next().await.unwrap()["status"], "READY");
    app.sessions.close();
    assert!(events.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_bounded() {
    let hosting = Puppets::new().load().hosting;
    let app = TestApp::with(&hosting, &[("event_streams", "1")]).await;
    let session = app.create("show").await.expect(200);
    let path = path(&session, "/events");
    let first = app.watch(&path).await;
    let refused = app.get(&path).await;
    refused.problem(503, "too_many_streams");
    assert!(refused.headers.contains_key("retry-after"));
    drop(first);
    app.watch(&path).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_has_its_share_of_streams() {
    let hosting = Puppets::new().load().hosting;
    let bounds = [("event_streams", "3"), ("event_streams_share", "1")];
    let app = TestApp::with(&hosting, &bounds).await;
    let sessions = [
        app.create("show").await.expect(200),
        app.create("show").await.expect(200),
    ];
    let first = app.watch(&path(&sessions[0], "/events")).await;
    let refused = app.get(&path(&sessions[1], "/events")).await;
    insta::assert_json_snapshot!("too_many_streams", refused.problem(429, "too_many_streams"));
    drop(first);
    app.watch(&path(&sessions[1], "/events")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn returning_client_receives_only_what_it_missed() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    let path = path(&session, "/events");
    let returning = async |last: &str| {
        let request = Request::get(&path).header("last-event-id", last);
        app.open(request.body(Body::empty()).unwrap()).await
    };
    let mut events = app.watch(&path).await;
    assert_eq!(events.next().await.unwrap()["status"], "READY");
    let ready = events.last_id.clone();
    let mut again = Events::of(returning(&ready).await);
    app.delete(path.trim_end_matches("/events"))
        .await
        .expect(200);
    let missed = again.until(is("DESTROYED")).await;
    assert!(
        missed.iter().all(|state| state["status"] != "READY"),
        "{missed:#?}"
    );
    // A client with an older state receives the end at once, and one with the end nothing.
    let mut late = Events::of(returning(&ready).await);
    assert_eq!(late.next().await.unwrap()["status"], "DESTROYED");
    assert_eq!(late.last_id, again.last_id);
    let over = Answer::of(returning(&late.last_id).await).await;
    assert_eq!((over.status.as_u16(), over.text.as_str()), (204, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_that_cannot_begin_is_a_problem() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let path = "/api/demo/sessions/demo_nobody/events";
    app.get(path).await.problem(404, "session_not_found");
    app.post(path, &Value::Null)
        .await
        .problem(405, "method_not_allowed");
    app.get("/api/demo/sessions/%ff/events")
        .await
        .problem(400, "invalid_request");
}
