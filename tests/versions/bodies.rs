//! The bodies of the plugin API: when they are read, how far, and what they may hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::support::{ADMIN_KEY, Answer, Puppets, TestApp};

const PLUGINS: &str = "/api/plugins";
const PATHS: [&str; 2] = [PLUGINS, "/api/plugins/lead"];

/// A host that takes components of at most 1 MiB.
async fn app() -> TestApp {
    let settings = [("sandbox.component_mib", "1")];
    TestApp::with(&Puppets::new().load().hosting, &settings).await
}

async fn put(app: &TestApp, path: &str, body: impl Into<Body>) -> Answer {
    let request = Request::put(path)
        .header("x-admin-api-key", ADMIN_KEY)
        .header("content-type", "application/json");
    app.send(request.body(body.into()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_caller_need_not_send_a_component() {
    let app = app().await;
    let put = async |path: &str, key: &str| {
        let read = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&read);
        let parts = futures_util::stream::repeat_with(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>("{".repeat(100_000))
        });
        let request = Request::put(path)
            .header("x-admin-api-key", key)
            .header("content-type", "application/json")
            .body(Body::from_stream(parts.take(100)));
        let answer = app.send(request.unwrap()).await;
        (answer, read.load(Ordering::Relaxed))
    };
    for path in PATHS {
        let (refused, read) = put(path, "another").await;
        refused.problem(401, "admin_key_wrong");
        assert_eq!(read, 0, "{path}");
        let turn = app.revisions.take_turn().unwrap();
        let (busy, read) = put(path, ADMIN_KEY).await;
        busy.problem(503, "proof_under_way");
        assert_eq!(busy.headers["retry-after"], "1");
        assert_eq!(read, 0, "{path}");
        drop(turn);
        // A body that is malformed or too large is not read to its end, and gives the turn back.
        let (refused, read) = put(path, ADMIN_KEY).await;
        assert!([400, 413].contains(&refused.status.as_u16()), "{refused:?}");
        assert!((1..100).contains(&read), "{path}: {read}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn component_has_at_most_the_size_of_the_limit() {
    let app = app().await;
    let large = "x".repeat((1 << 20) + 1);
    let refused = put(&app, PATHS[1], large.clone()).await;
    let problem = refused.problem(413, "body_too_large");
    assert!(problem["detail"].as_str().unwrap().contains("1048576"));
    // Several components may have more together, each of them as much.
    put(&app, PLUGINS, large)
        .await
        .problem(400, "malformed_json");
    let encoded = STANDARD.encode(vec![0; (1 << 20) + 3]);
    let body = json!({"components": {"lead": encoded}}).to_string();
    put(&app, PLUGINS, body)
        .await
        .problem(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn components_are_read_strictly() {
    let app = app().await;
    for (body, faults, pointer) in [
        (json!([]), 1, ""),
        (json!({}), 1, "/components"),
        (json!({"components": []}), 1, "/components"),
        (json!({"components": "AAEC"}), 1, "/components"),
        (json!({"components": {"lead": "?"}}), 1, "/components/lead"),
        (json!({"components": {"lead": 7}}), 1, "/components/lead"),
        (json!({"components": {}, "component": {}}), 1, "/component"),
        (
            json!({"components": {"lead": [[], {}, "AAEC"], "extra": {"a": 1}}}),
            2,
            "/components/extra",
        ),
        (
            json!({"components": {"lead": null, "extra": true}}),
            2,
            "/components/extra",
        ),
    ] {
        let answer = put(&app, PLUGINS, body.to_string()).await;
        let problem = answer.problem(400, "invalid_request");
        let errors = problem["errors"].as_array().unwrap();
        assert_eq!(errors.len(), faults, "{problem}");
        assert_eq!(errors[0]["pointer"], pointer, "{problem}");
    }
    let several = json!({"components": 7, "more": [[], []], "componets": 1});
    let answer = put(&app, PLUGINS, several.to_string()).await;
    assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 3);
    for body in [
        r#"{"components":{"lead":"AAEC"},"components":{}}"#,
        r#"{"components":{"lead":"AAEC"}} 1"#,
        r#"{"components":{"lead":"AAEC""#,
        "7",
    ] {
        put(&app, PLUGINS, body).await.expect(400);
    }
    let many: Vec<String> = (0..101).map(|n| format!(r#""{n}":"AAEC""#)).collect();
    let many = format!(r#"{{"components":{{{}}}}}"#, many.join(","));
    put(&app, PLUGINS, many)
        .await
        .problem(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_of_a_change_are_checked() {
    let app = app().await;
    for query in ["dry_run=perhaps", "by=", "by=%07", "buy=Ada"] {
        put(&app, &format!("{}?{query}", PATHS[1]), "a component")
            .await
            .problem(400, "invalid_request");
    }
    let dry = "/api/plugins/lead/rollback?dry_run=true";
    let key = [("x-admin-api-key", ADMIN_KEY)];
    app.call(Method::POST, dry, &key, &Value::Null)
        .await
        .problem(400, "invalid_request");
    app.call(Method::GET, "/api/plugins/laed", &key, &Value::Null)
        .await
        .problem(404, "unknown_domain");
}
