use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::http::testing::{Desk, MAX_BODY_BYTES, Trouble};

const SESSIONS: &str = "/api/demo/sessions";

async fn post(body: &str) -> Value {
    Desk::new()
        .internal("POST", SESSIONS, body)
        .await
        .refusal(400, "invalid_request")
}

#[tokio::test]
async fn every_fault_of_a_body_is_told_with_its_place() {
    let body = post(
        r#"{"demo_acount_type":"library","session_created_at":5,"virtual_tenant_id":"x","z/~":1}"#,
    )
    .await;
    assert_eq!(
        body["errors"],
        json!([
            { "pointer": "/demo_account_type", "detail": "`demo_account_type` is missing" },
            { "pointer": "/session_created_at", "detail": "`session_created_at` must be a string, not a number" },
            { "pointer": "/virtual_tenant_id", "detail": "`virtual_tenant_id` must be a UUID, such as 4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10" },
            { "pointer": "/demo_acount_type", "detail": "unknown field `demo_acount_type`; did you mean `demo_account_type`?" },
            { "pointer": "/z~1~0", "detail": "unknown field `z/~`; known are: demo_account_type, session_created_at, virtual_tenant_id" },
        ])
    );
    assert_eq!(body["detail"], "the request has 5 faults");
}

#[tokio::test]
async fn values_out_of_range_are_refused() {
    for (field, value) in [
        ("demo_account_type", json!(null)),
        ("demo_account_type", json!(["library"])),
        ("session_created_at", json!("1999-12-31T23:59:59Z")),
        ("session_created_at", json!("yesterday")),
        (
            "virtual_tenant_id",
            json!("00000000-0000-0000-0000-000000000000"),
        ),
        ("virtual_tenant_id", json!(true)),
    ] {
        let mut asked = json!({ "demo_account_type": "library" });
        asked[field] = value;
        let body = post(&asked.to_string()).await;
        assert_eq!(body["errors"][0]["pointer"], format!("/{field}"));
    }
    let twice = post(r#"{"demo_account_type":"library","demo_account_type":"library"}"#).await;
    assert_eq!(
        twice["errors"][0]["detail"],
        "`demo_account_type` is given more than once"
    );
    let array = post("[]").await;
    assert_eq!(array["errors"][0]["pointer"], "");
}

#[tokio::test]
async fn an_unknown_account_is_named_and_the_nearest_offered() {
    let desk = Desk::new();
    let answer = desk
        .call("POST", SESSIONS, &[], r#"{"demo_account_type":"libary"}"#)
        .await;
    let body = answer.refusal(400, "unknown_account");
    assert_eq!(body["errors"][0]["pointer"], "/demo_account_type");
    assert_eq!(body["hint"], "did you mean `library`?");
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let desk = Desk::new();
    for body in ["{", "{\"demo_account_type\":}", "nonsense", "\u{feff}{}"] {
        desk.call("POST", SESSIONS, &[], body)
            .await
            .refusal(400, "malformed_json");
    }
    let post = |kind: Option<&str>, body: &str| {
        let mut request = Request::post(SESSIONS);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        request.body(Body::from(body.to_owned())).unwrap()
    };
    desk.send(post(Some("application/json"), ""))
        .await
        .refusal(400, "malformed_json");
    desk.send(post(Some("text/plain"), "{}"))
        .await
        .refusal(415, "unsupported_media_type");
    desk.send(post(None, "{}"))
        .await
        .refusal(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whether_or_not_it_says_so() {
    let desk = Desk::new();
    let body = format!(
        r#"{{"demo_account_type":"{}"}}"#,
        "x".repeat(MAX_BODY_BYTES)
    );
    desk.call("POST", SESSIONS, &[], &body)
        .await
        .refusal(413, "body_too_large");
    let length = body.len().to_string();
    let said = desk
        .call("POST", SESSIONS, &[("content-length", &length)], &body)
        .await;
    let refusal = said.refusal(413, "body_too_large");
    assert!(refusal["detail"].as_str().unwrap().contains("4096 bytes"));
    desk.call(
        "DELETE",
        "/api/demo/sessions/demo_0",
        &[("content-length", &length)],
        &body,
    )
    .await
    .refusal(413, "body_too_large");
}

#[tokio::test]
async fn there_is_no_other_route_and_no_other_method() {
    let desk = Desk::new();
    for path in [
        "/",
        "/api",
        "/api/demo/sessions/",
        "/api/demo/sessions/a/b/c",
        "/services/shelving",
    ] {
        desk.get(path).await.refusal(404, "route_not_found");
    }
    let answer = desk.call("PUT", SESSIONS, &[], "{}").await;
    answer.refusal(405, "method_not_allowed");
    let mut allowed: Vec<&str> = answer.headers["allow"]
        .to_str()
        .unwrap()
        .split(',')
        .collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    desk.call("POST", "/healthz", &[], "")
        .await
        .refusal(405, "method_not_allowed");
}

#[tokio::test]
async fn our_own_faults_tell_nothing_of_the_inside() {
    let paths = [
        "/api/demo/sessions/demo_0",
        "/api/demo/sessions/demo_0/status",
    ];
    for path in paths {
        let down = Desk::new().in_trouble(Trouble::Store).get(path).await;
        down.refusal(503, "store_unavailable");
        assert_eq!(down.headers["retry-after"], "1");
        let stopping = Desk::new().in_trouble(Trouble::Stopping).get(path).await;
        stopping.refusal(503, "stopping");
        assert_eq!(stopping.headers["retry-after"], "1");
        Desk::new()
            .in_trouble(Trouble::Secret)
            .get(path)
            .await
            .refusal(500, "store_failed");
        let panicked = Desk::new().in_trouble(Trouble::Panic).get(path).await;
        panicked.refusal(500, "internal");
        assert!(panicked.headers.contains_key("x-request-id"));
    }
}

#[tokio::test]
async fn a_url_is_bounded() {
    let desk = Desk::new();
    let path = |bytes: usize| format!("/healthz?{}", "x".repeat(bytes - "/healthz?".len()));
    assert_eq!(desk.get(&path(8192)).await.status, 200);
    for path in [path(8193), format!("/{}", "x".repeat(60_000))] {
        let refusal = desk.get(&path).await.refusal(414, "url_too_long");
        assert!(refusal["detail"].as_str().unwrap().contains("8192 bytes"));
    }
}

#[tokio::test]
async fn faults_are_listed_as_far_as_anybody_reads_and_counted() {
    let desk = Desk::new();
    let query = "a&".repeat(4000);
    let answer = desk
        .internal("GET", &format!("{SESSIONS}?{query}"), "")
        .await;
    let refusal = answer.refusal(400, "invalid_request");
    assert_eq!(refusal["errors"].as_array().unwrap().len(), 20);
    assert_eq!(refusal["further_errors"], 3980);
    assert_eq!(refusal["detail"], "the request has 4000 faults");
    assert!(answer.text.len() < 4000, "{}", answer.text.len());
    // One that is listed whole has nothing further.
    let whole = desk.internal("GET", &format!("{SESSIONS}?a"), "").await;
    assert!(whole.json().get("further_errors").is_none());
}

#[tokio::test]
async fn what_a_refusal_repeats_is_cut_and_cannot_act() {
    let desk = Desk::new();
    let session = desk.create().await;
    let long = "%1B%5B31m%00".repeat(300);
    let name = "\\u001b[31m\\u0000".repeat(200);
    let data = format!(
        "{SESSIONS}/{}/data",
        session["session_id"].as_str().unwrap()
    );
    let get = |path: String| ("GET", path, String::new());
    let post = |body: String| ("POST", SESSIONS.to_owned(), body);
    for (method, path, body) in [
        get(format!("{SESSIONS}?{long}=1")),
        get(format!("{SESSIONS}?limit={long}")),
        get(format!("{data}/{long}/book")),
        get(format!("{data}/shelving/{long}")),
        get(format!("{data}/shelving/book?{long}=1")),
        get(format!("/services/{long}/internal/demo/export/7")),
        get(format!(
            "{SESSIONS}/{}/alerts?status={long}",
            session["session_id"].as_str().unwrap()
        )),
        post(format!(r#"{{"demo_account_type":"{name}"}}"#)),
        post(format!(r#"{{"demo_account_type":"library","{name}":1}}"#)),
        post(format!(r#""{name}""#)),
    ] {
        let answer = desk.internal(method, &path, &body).await;
        assert!(
            (400..500).contains(&answer.status.as_u16()),
            "{path}: {}",
            answer.text
        );
        assert!(answer.text.len() < 8000, "{path}: {}", answer.text.len());
        // As JSON writes them.
        for control in ["\\u001b", "\\u0000", "\u{7f}", "\u{9b}"] {
            assert!(!answer.text.contains(control), "{path}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_filter_has_so_many_values() {
    let desk = Desk::new();
    let session = desk.create().await;
    let filter = |values: usize| {
        let values: Vec<String> = (0..values).map(|n| format!("shelf={n}")).collect();
        format!("shelving/book?{}", values.join("&"))
    };
    let whole = desk.read(&session, &session, &filter(100)).await;
    assert_eq!(whole.json()["total"], 5);
    let refusal = desk.read(&session, &session, &filter(101)).await;
    let refusal = refusal.refusal(400, "too_many_values");
    let detail = refusal["detail"].as_str().unwrap();
    assert_eq!(
        detail,
        "`shelf` is given 101 times; a filter has at most 100 values"
    );
}
