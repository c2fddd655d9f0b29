//! How many bytes a session may have, and all clones under way together.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{INTERNAL_KEY, Puppets, TestApp};

/// Puppets whose texts may be of megabytes.
fn long_texts(mut puppets: Puppets) -> Puppets {
    for (file, schema) in &mut puppets.files {
        if file.starts_with("schemas/") && schema["properties"]["text"].is_object() {
            schema["properties"]["text"]["maxLength"] = json!(3 << 20);
        }
    }
    puppets
}

fn services(session: &Value) -> &Value {
    &session["services"][session["virtual_tenant_id"].as_str().unwrap()]
}

#[tokio::test(flavor = "multi_thread")]
async fn white_space_between_tokens_is_not_stored() {
    let settings = [("session_output_mib", "1")];
    let mut stored = Vec::new();
    for behaviour in ["honest", "spaced"] {
        let stage = Puppets::misbehaving("extra", behaviour).load();
        let app = TestApp::with(&stage.hosting, &settings).await;
        let session = app.create("show").await.expect(200);
        assert_eq!(session["status"], "READY", "{session:#}");
        let database = app.database().await;
        let rows = "SELECT rows FROM segments WHERE domain = 'extra'";
        let [rows] = database.texts(rows).await.try_into().unwrap();
        assert!(
            !rows.contains('\n') && rows.len() < 2_000,
            "{} bytes",
            rows.len()
        );
        let value: Value = serde_json::from_str(&rows).unwrap();
        // Its digest and its receipt are of the bytes that are stored.
        let id = session["session_id"].as_str().unwrap();
        let path = format!("/api/demo/sessions/{id}/verify");
        let key = [("x-internal-api-key", INTERNAL_KEY)];
        let verified = app
            .call(Method::POST, &path, &key, &Value::Null)
            .await
            .expect(200);
        assert_eq!(verified["verified"], true, "{behaviour}: {verified:#}");
        let fields = value
            .as_array()
            .unwrap()
            .iter()
            .map(|note| note["weight"].clone());
        stored.push(fields.collect::<Vec<_>>());
    }
    assert_eq!(stored[0], stored[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_domain_with_the_most_of_too_much_fails_alone() {
    let stage = long_texts(Puppets::misbehaving("extra", "heavy")).load();
    let app = TestApp::with(&stage.hosting, &[("session_output_mib", "1")]).await;
    let session = app.create("show").await.expect(200);
    assert_eq!(session["status"], "PARTIAL");
    let services = services(&session);
    assert_eq!(services["lead"]["status"], "completed", "{session:#}");
    let error = &services["extra"]["error"];
    assert_eq!(error["code"], "session_output_limit", "{session:#}");
    for said in ["1048576", "`extra`", "session_output_mib"] {
        assert!(
            error["message"].as_str().unwrap().contains(said),
            "{error:#}"
        );
    }
    let database = app.database().await;
    let kept = "SELECT count(*) FROM segments WHERE domain = 'extra'";
    assert_eq!(database.number(kept).await, 0);
    // With the default there is room for it.
    let app = TestApp::over(&stage.hosting).await;
    assert_eq!(app.create("show").await.expect(200)["status"], "READY");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_keeps_to_the_budget_of_the_session() {
    let stage = long_texts(Puppets::misbehaving("extra", "heavy")).load();
    let app = TestApp::with(&stage.hosting, &[("session_output_mib", "1")]).await;
    let session = app.create("show").await.expect(200);
    let body = json!({
        "base_tenant_id": session["base_tenant_id"], "virtual_tenant_id": session["virtual_tenant_id"],
        "demo_account_type": "show", "session_id": session["session_id"],
        "session_created_at": session["session_created_at"],
    });
    let path = "/services/extra/internal/demo/clone";
    let problem = app
        .post_internal(path, &body)
        .await
        .problem(502, "domain_failed");
    assert!(
        problem.to_string().contains("session_output_limit"),
        "{problem:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_triggers_make_is_of_the_same_budget() {
    let stage = long_texts(Puppets::triggering("extra", "trigger-heavy")).load();
    let app = TestApp::with(&stage.hosting, &[("session_output_mib", "1")]).await;
    let session = app.create("show").await.expect(200);
    assert_eq!(session["status"], "READY", "{session:#}");
    let triggers = &session["triggers"][session["virtual_tenant_id"].as_str().unwrap()];
    let told = session.to_string();
    assert!(told.contains("session_output_limit"), "{triggers:#}");
    let database = app.database().await;
    let kept = |part: &str| format!("SELECT count(*) FROM segments WHERE part = '{part}'");
    assert_eq!(database.number(&kept("extra-notes")).await, 0);
    assert_eq!(database.number(&kept("lead-notes")).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn clones_past_the_bytes_of_all_wait_and_are_answered_503() {
    // The loop ends after its time limit: until then its session is surely under way.
    let stage = Puppets::misbehaving("extra", "loop")
        .with_timeout_ms(5000)
        .load();
    let settings = [
        ("session_output_mib", "32"),
        ("clones_output_mib", "63"),
        ("clone_queue", "0"),
    ];
    let app = TestApp::with(&stage.hosting, &settings).await;
    let body = json!({"demo_account_type": "show"});
    let headers = [("prefer", "respond-async")];
    let begun = app
        .call(Method::POST, "/api/demo/sessions", &headers, &body)
        .await;
    begun.expect(202);
    let key = [("idempotency-key", "8e03978e-40d5-43dd-bc93-6894a57f9324")];
    let create = async || {
        app.call(Method::POST, "/api/demo/sessions", &key, &body)
            .await
    };
    let refused = create().await;
    refused.problem(503, "too_many_clones");
    assert!(refused.headers.contains_key("retry-after"));
    // A rejected request leaves its key free.
    let id = begun.json()["session_id"].as_str().unwrap().to_owned();
    app.delete(&format!("/api/demo/sessions/{id}"))
        .await
        .expect(200);
    let again = create().await;
    assert_ne!(again.expect(200)["session_id"], id);
}
