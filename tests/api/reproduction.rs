//! The holder of the internal key reproduces a session: its data clock, its tenant.

use serde_json::{Value, json};

use super::visit::{path, tenant};
use crate::support::{Puppets, TestApp};

const TENANT: &str = "4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10";
const SESSIONS: &str = "/api/demo/sessions";

fn asked(field: &str, value: impl Into<Value>) -> Value {
    let mut body = json!({"demo_account_type": "show"});
    body[field] = value.into();
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_reproduced_to_the_byte_and_only_once_at_a_time() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let mut body = asked("virtual_tenant_id", TENANT);
    body["session_created_at"] = json!("2028-02-29T23:59:59.999999+01:00");
    let session = app.post_internal(SESSIONS, &body).await.expect(200);
    assert_eq!(session["virtual_tenant_id"], TENANT);
    assert_eq!(session["session_created_at"], "2028-02-29T22:59:59.999999Z");
    // The data clock is not the real one.
    assert_eq!(session["created_at"], "2026-03-02T10:00:00Z");

    let taken = app
        .post_internal(SESSIONS, &body)
        .await
        .problem(409, "conflict");
    insta::assert_json_snapshot!("taken", taken);
    let export = format!("/services/lead/internal/demo/export/{}", tenant(&session));
    let first = app.get_internal(&export).await;
    first.expect(200);

    // A destroyed session gives its tenant back.
    app.delete(&path(&session, "")).await.expect(200);
    let again = app.post_internal(SESSIONS, &body).await.expect(200);
    assert_ne!(again["session_id"], session["session_id"]);
    assert_eq!(app.get_internal(&export).await.text, first.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_key_nobody_reproduces() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let mut body = asked("virtual_tenant_id", TENANT);
    body["session_created_at"] = json!("2026-03-02T10:00:00Z");
    let problem = app
        .post(SESSIONS, &body)
        .await
        .problem(403, "internal_key_required");
    insta::assert_json_snapshot!("no_key", problem);
    for (field, value) in [
        ("virtual_tenant_id", TENANT),
        ("session_created_at", "2026-03-02T10:00:00Z"),
    ] {
        app.post(SESSIONS, &asked(field, value))
            .await
            .problem(403, "internal_key_required");
        app.post_internal(SESSIONS, &asked(field, value))
            .await
            .expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_clock_lies_within_the_years_2000_to_2100() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    for right in [
        "2000-01-01T00:00:00Z",
        "2100-12-31T23:59:59.999999Z",
        "2024-02-29T12:00:00Z",
    ] {
        let session = app
            .post_internal(SESSIONS, &asked("session_created_at", right))
            .await
            .expect(200);
        assert_eq!(session["status"], "READY", "{right}: {session:#}");
    }
    for wrong in [
        "1999-12-31T23:59:59.999999Z",
        "2101-01-01T00:00:00Z",
        "2100-12-31T23:30:00-01:00",
        "2026-02-29T00:00:00Z",
        "2026-03-02T10:00:00",
        "2026-03-02T10:00:00.0000001Z",
        "2026-12-31T23:59:60Z",
        "tomorrow",
        "",
    ] {
        let refused = app
            .post_internal(SESSIONS, &asked("session_created_at", wrong))
            .await;
        let problem = refused.problem(400, "invalid_request");
        assert_eq!(
            problem["errors"][0]["pointer"], "/session_created_at",
            "{wrong}"
        );
    }
    let years = app
        .post_internal(
            SESSIONS,
            &asked("session_created_at", "1999-01-01T00:00:00Z"),
        )
        .await;
    insta::assert_json_snapshot!("out_of_range", years.expect(400));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_a_uuid_that_names_something() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let nil = "00000000-0000-0000-0000-000000000000";
    for wrong in [
        nil,
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "4f9c2a1e7c3b4d559a410f6f2d0b7a10",
        "7",
        "",
    ] {
        let refused = app
            .post_internal(SESSIONS, &asked("virtual_tenant_id", wrong))
            .await;
        let problem = refused.problem(400, "invalid_request");
        assert_eq!(
            problem["errors"][0]["pointer"], "/virtual_tenant_id",
            "{wrong}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_base_tenant_is_taken_by_the_fixtures() {
    // A virtual tenant that is the base tenant would make clone and original one.
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let base = app.create("show").await.expect(200)["base_tenant_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let refused = app
        .post_internal(SESSIONS, &asked("virtual_tenant_id", base))
        .await;
    assert!(
        refused.status.is_client_error(),
        "{} {}",
        refused.status,
        refused.text
    );
}
