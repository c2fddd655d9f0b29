//! Receipts and verifications, as the routes tell of them.

use serde_json::json;

use crate::http::testing::{Desk, KEY, Trouble};

#[tokio::test]
async fn a_receipt_is_told_as_it_was_signed() {
    let desk = Desk::new();
    let created = desk.create().await;
    let id = created["session_id"].as_str().unwrap();
    let answer = desk.get(&format!("/api/demo/sessions/{id}/receipt")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.text, r#"{"receipt":{"account":"library"}}"#);
    let nobody = desk.get("/api/demo/sessions/demo_nobody/receipt").await;
    nobody.refusal(404, "session_not_found");
    let key = desk.get("/api/demo/receipt-key").await.json();
    assert_eq!(
        key,
        json!({
            "algorithm": "Ed25519", "key_id": "21fe31dfa154a261",
            "public_key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        })
    );
}

#[tokio::test]
async fn a_verification_names_what_is_not_the_same() {
    let desk = Desk::new();
    let created = desk.create().await;
    let id = created["session_id"].as_str().unwrap();
    let path = format!("/api/demo/sessions/{id}/verify");
    let keyless = desk.call("POST", &path, &[], "").await;
    keyless.refusal(401, "internal_key_missing");
    let key = [("x-internal-api-key", KEY)];
    let same = desk.call("POST", &path, &key, "").await.json();
    assert_eq!(
        same,
        json!({"verified": true, "segments": 2, "differences": []})
    );

    let desk = desk.in_trouble(Trouble::Required);
    let other = desk.call("POST", &path, &key, "").await.json();
    let difference = json!({
        "tenant_id": created["virtual_tenant_id"], "domain": "shelving", "entity": "book", "part": "",
        "verdict": "differs", "offset": 7,
    });
    assert_eq!(
        other,
        json!({"verified": false, "segments": 2, "differences": [difference]})
    );

    let desk = desk.in_trouble(Trouble::Changed);
    let changed = desk.call("POST", &path, &key, "").await;
    changed.refusal(409, "session_changed");
}
