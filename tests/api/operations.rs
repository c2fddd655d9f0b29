//! Whether the host lives, and whether it can work.

use std::path::Path;

use crate::support::{Hosting, Puppets, TestApp, guests_dir};

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_can_work_says_so() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    assert_eq!(app.get("/healthz").await.expect(200)["status"], "ok");
    assert_eq!(app.get("/readyz").await.expect(200)["status"], "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_a_required_component_lives_but_is_not_ready() {
    let answer = served_by(Path::new("/nowhere")).await;
    insta::assert_json_snapshot!(answer.problem(503, "not_ready"));
    assert!(answer.headers.contains_key("retry-after"));
    served_by(&guests_dir()).await.expect(200);
}

async fn served_by(plugins: &Path) -> crate::support::Answer {
    let directory = tempfile::TempDir::new().unwrap();
    let catalog = Puppets::new().write(&directory);
    let app = TestApp::over(&Hosting::load(&catalog, plugins)).await;
    app.get("/healthz").await.expect(200);
    app.get("/readyz").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_stops_takes_no_new_session() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    app.sessions.stop(std::time::Duration::from_secs(10)).await;
    app.create("show").await.problem(503, "stopping");
    app.get("/readyz").await.problem(503, "stopping");
    app.get("/healthz").await.expect(200);
    app.get(&super::visit::path(&session, "")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_keeps_its_name_and_its_answer_is_for_nobody_else() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let named = [("x-request-id", "the-caller.7")];
    let answer = app
        .call(
            axum::http::Method::GET,
            "/healthz",
            &named,
            &serde_json::Value::Null,
        )
        .await;
    assert_eq!(answer.headers["x-request-id"], "the-caller.7");
    for path in ["/healthz", "/nowhere", "/api/demo/sessions/demo_0"] {
        let headers = app.get(path).await.headers;
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        let policy = "default-src 'none'; frame-ancestors 'none'";
        assert_eq!(headers["content-security-policy"], policy);
    }
    // A name that a log cannot hold is replaced by a UUID.
    for wrong in ["a b", "<script>", &"x".repeat(129)] {
        let headers = [("x-request-id", wrong)];
        let answer = app
            .call(
                axum::http::Method::GET,
                "/nowhere",
                &headers,
                &serde_json::Value::Null,
            )
            .await;
        assert_eq!(answer.headers["x-request-id"].len(), 36);
    }
}
