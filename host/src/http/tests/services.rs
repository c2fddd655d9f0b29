use serde_json::{Value, json};

use crate::http::testing::{Desk, Trouble, book};

fn clone_request(session: &Value) -> Value {
    json!({
        "base_tenant_id": session["base_tenant_id"],
        "virtual_tenant_id": session["virtual_tenant_id"],
        "demo_account_type": session["demo_account_type"],
        "session_id": session["session_id"],
        "session_created_at": session["session_created_at"],
    })
}

const CLONE: &str = "/services/shelving/internal/demo/clone";

#[tokio::test]
async fn a_domain_is_cloned_again() {
    let desk = Desk::new();
    let session = desk.create().await;
    let asked = clone_request(&session).to_string();
    let answer = desk.internal("POST", CLONE, &asked).await;
    assert_eq!(
        answer.json(),
        json!({
            "service": "shelving", "status": "completed", "records_cloned": 7,
            "duration_ms": 1.5, "details": { "book": 5, "shelf": 2 },
        })
    );
    desk.call("POST", CLONE, &[], &asked)
        .await
        .refusal(401, "internal_key_missing");
    let mut unknown = clone_request(&session);
    unknown["session_id"] = json!("demo_0");
    desk.internal("POST", CLONE, &unknown.to_string())
        .await
        .refusal(404, "session_not_found");
    let body = desk
        .internal("POST", CLONE, "{}")
        .await
        .refusal(400, "invalid_request");
    assert_eq!(body["errors"].as_array().unwrap().len(), 5);

    let desk = desk.in_trouble(Trouble::Required);
    let body = desk
        .internal("POST", CLONE, &asked)
        .await
        .refusal(502, "domain_failed");
    assert_eq!(body["errors"][0]["pointer"], "/shelving");
}

#[tokio::test]
async fn a_domain_of_a_tenant_is_deleted_and_again() {
    let desk = Desk::new();
    let session = desk.create().await;
    let tenant = session["virtual_tenant_id"].as_str().unwrap();
    let path = format!("/services/shelving/internal/demo/tenant/{tenant}");
    for (status, records) in [
        ("deleted", json!({ "book": 5, "total": 5 })),
        ("not_found", json!({ "total": 0 })),
    ] {
        let answer = desk.internal("DELETE", &path, "").await;
        assert_eq!(answer.status, 200);
        let body = answer.json();
        assert_eq!(
            (&body["service"], &body["status"]),
            (&json!("shelving"), &json!(status))
        );
        assert_eq!(
            (&body["virtual_tenant_id"], &body["records_deleted"]),
            (&json!(tenant), &records)
        );
        assert!(body["duration_ms"].is_number());
    }
    desk.call("DELETE", &path, &[], "")
        .await
        .refusal(401, "internal_key_missing");
    desk.internal("DELETE", "/services/shelving/internal/demo/tenant/7", "")
        .await
        .refusal(400, "invalid_request");
}

#[tokio::test]
async fn a_record_exists_or_not() {
    let desk = Desk::new();
    let session = desk.create().await;
    let tenant = session["virtual_tenant_id"].as_str().unwrap();
    let id = book(tenant.parse().unwrap(), 3);
    let path = |entity: &str, id: &str, tenant: &str| {
        format!(
            "/services/shelving/internal/demo/exists?entity_type={entity}&id={id}&tenant_id={tenant}"
        )
    };
    let nobody = "4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10";
    let id = id.to_string();
    for (entity, id, tenant, status) in [
        ("book", id.as_str(), tenant, 200),
        ("book", nobody, tenant, 404),
        ("book", &id, nobody, 404),
        ("shelf", &id, tenant, 404),
        ("loan", &id, tenant, 404),
        ("book", "7", tenant, 400),
    ] {
        let answer = desk.internal("HEAD", &path(entity, id, tenant), "").await;
        assert_eq!(answer.status, status, "{entity} {id} {tenant}");
    }
    let keyless = desk.call("HEAD", &path("book", &id, tenant), &[], "").await;
    assert_eq!(keyless.status, 401);
    desk.internal("GET", &path("book", &id, tenant), "")
        .await
        .refusal(405, "method_not_allowed");
    let session_path = format!(
        "/api/demo/sessions/{}",
        session["session_id"].as_str().unwrap()
    );
    desk.call("DELETE", &session_path, &[], "").await;
    assert_eq!(
        desk.internal("HEAD", &path("book", &id, tenant), "")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn an_export_is_given_byte_by_byte() {
    let desk = Desk::new();
    let session = desk.create().await;
    let tenant = session["virtual_tenant_id"].as_str().unwrap();
    let path = format!("/services/shelving/internal/demo/export/{tenant}");
    let stored = desk.internal("GET", &path, "").await;
    assert_eq!(stored.text, r#"{"of":"shelving","canonical":false}"#);
    assert_eq!(stored.headers["content-type"], "application/json");
    let canonical = desk
        .internal("GET", &format!("{path}?form=canonical"), "")
        .await;
    assert_eq!(canonical.text, r#"{"of":"shelving","canonical":true}"#);
    desk.internal("GET", &format!("{path}?form=pretty"), "")
        .await
        .refusal(400, "invalid_request");
    desk.internal("GET", &format!("{path}?from=canonical"), "")
        .await
        .refusal(400, "invalid_request");
    desk.get(&path).await.refusal(401, "internal_key_missing");
    let nobody = "/services/shelving/internal/demo/export/4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10";
    desk.internal("GET", nobody, "")
        .await
        .refusal(404, "tenant_not_found");
}
