use serde_json::json;

use crate::http::testing::{Desk, Trouble};

const OVERDUE: &str = "/services/lending/internal/overdue/trigger";
const CHILD: &str = "/services/tenant/internal/demo/create-child";

#[tokio::test]
async fn a_trigger_is_run_again() {
    let desk = Desk::new();
    let session = desk.create().await;
    let tenant = session["virtual_tenant_id"].as_str().unwrap();
    let asked = json!({ "virtual_tenant_id": tenant }).to_string();
    let answer = desk.internal("POST", OVERDUE, &asked).await;
    assert_eq!(
        answer.json(),
        json!({
            "service": "lending", "trigger": "overdue", "virtual_tenant_id": tenant,
            "status": "completed", "records": 3, "duration_ms": 1.5,
        })
    );
    // A path of two parts is one of the catalog's.
    let wear = desk
        .internal(
            "POST",
            "/services/shelving/internal/books/wear/trigger",
            &asked,
        )
        .await;
    assert_eq!(wear.json()["trigger"], "books/wear");
    let unknown = desk
        .internal("POST", "/services/lending/internal/overdeu/trigger", &asked)
        .await;
    let body = unknown.refusal(404, "unknown_trigger");
    assert_eq!(body["hint"], "did you mean `overdue`?");
    desk.call("POST", OVERDUE, &[], &asked)
        .await
        .refusal(401, "internal_key_missing");
    desk.internal("POST", OVERDUE, "{}")
        .await
        .refusal(400, "invalid_request");
    desk.internal(
        "POST",
        OVERDUE,
        r#"{"virtual_tenant_id":"4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10"}"#,
    )
    .await
    .refusal(404, "tenant_not_found");
}

#[tokio::test]
async fn a_trigger_that_cannot_run_or_fails_is_told_apart() {
    for (trouble, status, code) in [
        (Trouble::Optional, 409, "trigger_skipped"),
        (Trouble::Required, 502, "trigger_failed"),
    ] {
        let desk = Desk::new();
        let session = desk.create().await;
        let asked = json!({ "virtual_tenant_id": session["virtual_tenant_id"] }).to_string();
        let desk = desk.in_trouble(trouble);
        let body = desk
            .internal("POST", OVERDUE, &asked)
            .await
            .refusal(status, code);
        assert!(
            body["hint"].as_str().unwrap().contains("as it was"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn an_outlets_tenant_is_cloned_again() {
    let desk = Desk::new();
    let session = desk.create().await;
    let asked = json!({
        "session_id": session["session_id"],
        "parent_tenant_id": session["virtual_tenant_id"],
        "base_tenant_id": session["children"][0]["base_tenant_id"],
        "virtual_tenant_id": session["children"][0]["virtual_tenant_id"],
    });
    let answer = desk.internal("POST", CHILD, &asked.to_string()).await;
    assert_eq!(answer.json()["status"], "completed");
    desk.call("POST", CHILD, &[], &asked.to_string())
        .await
        .refusal(401, "internal_key_missing");
    let body = desk
        .internal("POST", CHILD, "{}")
        .await
        .refusal(400, "invalid_request");
    assert_eq!(body["errors"].as_array().unwrap().len(), 4);
}
