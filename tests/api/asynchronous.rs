//! `Prefer: respond-async`: the answer comes at once, the session when it is ready.

use axum::http::Method;
use serde_json::json;

use super::visit::{data, read, tenant};
use crate::support::{Puppets, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn an_asynchronous_creation_can_be_followed_to_its_end() {
    // The loop ends after its time limit: until then the session is surely under way.
    let stage = Puppets::misbehaving("extra", "loop")
        .with_timeout_ms(5000)
        .load();
    let app = TestApp::over(&stage.hosting).await;
    let body = json!({"demo_account_type": "show"});
    let headers = [("prefer", "respond-async")];
    let accepted = app
        .call(Method::POST, "/api/demo/sessions", &headers, &body)
        .await;
    let session = accepted.expect(202);
    assert_eq!(session["status"], "CLONING");
    assert_eq!(accepted.headers["preference-applied"], "respond-async");
    let location = accepted.headers["location"].to_str().unwrap();
    assert_eq!(location, super::visit::path(&session, ""));

    // Nothing is visible before all of it is, the domain that is done included.
    let own = tenant(&session);
    let status = format!("{location}/status");
    let under_way = loop {
        let now = app.get(&status).await.expect(200);
        assert_eq!(now["status"], "CLONING", "{now:#}");
        if now["progress"][own]["lead"]["status"] == "completed" {
            break now;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(under_way["phase"], "clone_tenant");
    let early = read(&app, &session, "lead/note").await;
    early.problem(409, "session_not_open");
    assert!(early.headers.contains_key("retry-after"));
    app.get_internal(&data(&session, "lead/note"))
        .await
        .problem(409, "session_not_open");

    let followed = async {
        loop {
            let session = app.get(location).await.expect(200);
            if session["status"] != "CLONING" {
                break session;
            }
            tokio::task::yield_now().await;
        }
    };
    let ended = tokio::time::timeout(std::time::Duration::from_secs(60), followed)
        .await
        .unwrap();
    assert_eq!(ended["status"], "PARTIAL");
    assert_eq!(
        read(&app, &session, "lead/note").await.expect(200)["total"],
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asynchronous_creation_of_the_bakery_ends_ready() {
    let app = TestApp::bakery().await;
    let body = json!({"demo_account_type": "professional"});
    let headers = [("prefer", "respond-async")];
    let session = app
        .call(Method::POST, "/api/demo/sessions", &headers, &body)
        .await
        .expect(202);
    let status = super::visit::path(&session, "/status");
    let followed = async {
        loop {
            let now = app.get(&status).await.expect(200);
            if now["status"] != "CLONING" {
                break now;
            }
            tokio::task::yield_now().await;
        }
    };
    let ended = tokio::time::timeout(std::time::Duration::from_secs(60), followed)
        .await
        .unwrap();
    assert_eq!(ended["status"], "READY", "{ended:#}");
    assert_eq!(ended["domains_done"], ended["domains_total"]);
}
