//! The plugin API, before the sessions are asked: who may, how much, and what is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::Request;
use futures_util::StreamExt as _;
use serde_json::json;

use crate::http::testing::{ADMIN_KEY, Desk, LARGEST_COMPONENT, Trouble};

const KEY: [(&str, &str); 1] = [("x-admin-api-key", ADMIN_KEY)];

#[tokio::test]
async fn plugins_are_listed_shown_installed_and_rolled_back() {
    let desk = Desk::new();
    let listed = desk.call("GET", "/api/plugins", &KEY, "").await.json();
    assert_eq!(listed["revision"], 2);
    assert_eq!(listed["plugins"][0]["active"]["made_by"], "the book binder");
    let shown = desk
        .call("GET", "/api/plugins/shelving", &KEY, "")
        .await
        .json();
    assert_eq!(shown, listed["plugins"][0]);
    desk.call("GET", "/api/plugins/shelves", &KEY, "")
        .await
        .refusal(404, "unknown_domain");

    let installed = desk
        .call("PUT", "/api/plugins/shelving", &KEY, "a book")
        .await;
    assert_eq!(installed.json()["revision"], 3, "{}", installed.text);
    assert_eq!(installed.json()["candidates"][0]["size_bytes"], 6);
    let looked = "/api/plugins/shelving?dry_run=true&by=Ada";
    let looked = desk.call("PUT", looked, &KEY, "a book").await.json();
    assert_eq!(
        (&looked["revision"], &looked["dry_run"]),
        (&json!(2), &json!(true))
    );
    let several = json!({"components": {"shelving": "AAEC"}}).to_string();
    let several = desk
        .call("PUT", "/api/plugins", &KEY, &several)
        .await
        .json();
    assert_eq!(several["candidates"][0]["size_bytes"], 3);

    let back = desk
        .call("POST", "/api/plugins/shelving/rollback", &KEY, "")
        .await;
    assert_eq!(back.json()["revision"], 3, "{}", back.text);
    desk.call("POST", "/api/plugins/lending/rollback", &KEY, "")
        .await
        .refusal(409, "nothing_before");
}

#[tokio::test]
async fn what_is_wrong_with_a_component_is_said_before_it_is_looked_at() {
    let desk = Desk::new();
    let put = async |path: &str, body: &str| desk.call("PUT", path, &KEY, body).await;
    let large = "x".repeat(LARGEST_COMPONENT + 1);
    let refusal = put("/api/plugins/shelving", &large)
        .await
        .refusal(413, "body_too_large");
    assert!(
        refusal["detail"].as_str().unwrap().contains("512"),
        "{refusal}"
    );
    // Several may have more together.
    put("/api/plugins", &large)
        .await
        .refusal(400, "malformed_json");
    put("/api/plugins", "[]")
        .await
        .refusal(400, "invalid_request");
    for (body, pointer) in [
        (json!({}), "/components"),
        (json!({"components": []}), "/components"),
        (
            json!({"components": {"shelving": "?"}}),
            "/components/shelving",
        ),
        (
            json!({"components": {"shelving": 7}}),
            "/components/shelving",
        ),
        (json!({"components": {}, "component": {}}), "/component"),
    ] {
        let refusal = put("/api/plugins", &body.to_string()).await;
        let refusal = refusal.refusal(400, "invalid_request");
        assert_eq!(refusal["errors"][0]["pointer"], pointer, "{refusal}");
    }
    for query in ["dry_run=perhaps", "by=", "by=%07", "buy=Ada"] {
        put(&format!("/api/plugins/shelving?{query}"), "a book")
            .await
            .refusal(400, "invalid_request");
    }
    let dry = "/api/plugins/shelving/rollback?dry_run=true";
    desk.call("POST", dry, &KEY, "")
        .await
        .refusal(400, "invalid_request");
}

#[tokio::test]
async fn only_the_admin_key_opens_it_and_a_store_that_is_gone_is_told() {
    let desk = Desk::new();
    for headers in [
        vec![],
        vec![("x-admin-api-key", "another")],
        vec![("x-internal-api-key", crate::http::testing::KEY)],
        vec![("x-admin-api-key", crate::http::testing::KEY)],
    ] {
        let answer = desk.call("GET", "/api/plugins", &headers, "").await;
        assert_eq!(answer.status, 401, "{headers:?}");
        assert!(
            answer.headers["www-authenticate"]
                .to_str()
                .unwrap()
                .contains("X-Admin-API-Key")
        );
    }
    let desk = Desk::new().in_trouble(Trouble::Store);
    for (method, path) in [
        ("GET", "/api/plugins"),
        ("PUT", "/api/plugins/shelving"),
        ("POST", "/api/plugins/shelving/rollback"),
    ] {
        desk.call(method, path, &KEY, "")
            .await
            .refusal(503, "store_unavailable");
    }
}

#[tokio::test]
async fn who_is_not_served_need_not_send_a_component() {
    let desk = Desk::new();
    let put = async |path: &str, key: &str| {
        let read = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&read);
        let parts = futures_util::stream::repeat_with(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>("{".repeat(100))
        });
        let request = Request::put(path)
            .header("x-admin-api-key", key)
            .header("content-type", "application/json")
            .body(Body::from_stream(parts.take(100)));
        let answer = desk.send(request.unwrap()).await;
        (answer, read.load(Ordering::Relaxed))
    };
    for path in ["/api/plugins", "/api/plugins/shelving"] {
        let (refused, read) = put(path, "another").await;
        refused.refusal(401, "admin_key_wrong");
        assert_eq!(read, 0, "{path}");
        let turn = desk.library.installing.lock().await;
        let (busy, read) = put(path, ADMIN_KEY).await;
        busy.refusal(503, "proof_under_way");
        assert_eq!(busy.headers["retry-after"], "1");
        assert_eq!(read, 0, "{path}");
        drop(turn);
        // One that is not what it should be is not read to its end, and gives the turn back.
        let (refused, read) = put(path, ADMIN_KEY).await;
        assert!(
            [400, 413].contains(&refused.status.as_u16()),
            "{}",
            refused.text
        );
        assert!((1..100).contains(&read), "{path}: {read}");
    }
}

#[tokio::test]
async fn components_are_read_strictly() {
    let desk = Desk::new();
    let put = async |body: &str| desk.call("PUT", "/api/plugins", &KEY, body).await;
    let large = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        vec![0; LARGEST_COMPONENT + 3],
    );
    for (body, faults) in [
        (
            json!({"components": {"shelving": [[], {}, "AAEC"], "lending": {"a": 1}}}),
            2,
        ),
        (
            json!({"components": {"shelving": null, "lending": true}}),
            2,
        ),
        (json!({"components": {"shelving": large}}), 1),
        (json!({"components": "AAEC"}), 1),
        (
            json!({"components": 7, "more": [[], []], "componets": 1}),
            3,
        ),
    ] {
        let answer = put(&body.to_string()).await;
        let refusal = answer.refusal(400, "invalid_request");
        assert_eq!(
            refusal["errors"].as_array().unwrap().len(),
            faults,
            "{refusal}"
        );
    }
    for body in [
        r#"{"components":{"shelving":"AAEC"},"components":{}}"#,
        r#"{"components":{"shelving":"AAEC"}} 1"#,
        r#"{"components":{"shelving":"AAEC""#,
        "7",
    ] {
        assert_eq!(put(body).await.status, 400, "{body}");
    }
    let many: Vec<String> = (0..101).map(|n| format!(r#""{n}":"AAEC""#)).collect();
    let many = put(&format!(r#"{{"components":{{{}}}}}"#, many.join(","))).await;
    many.refusal(400, "invalid_request");
}
