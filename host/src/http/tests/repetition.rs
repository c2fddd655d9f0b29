//! `Idempotency-Key`: a request that is sent again.

use crate::http::testing::{Desk, KEY, Trouble};

const SESSIONS: &str = "/api/demo/sessions";
const LIBRARY: &str = r#"{"demo_account_type":"library"}"#;
const NAME: (&str, &str) = ("idempotency-key", "8e03978e-40d5-43dd-bc93-6894a57f9324");

#[tokio::test]
async fn a_repetition_is_answered_with_the_session_and_its_token() {
    let desk = Desk::new();
    let first = desk.call("POST", SESSIONS, &[NAME], LIBRARY).await;
    assert_eq!(first.status, 200);
    // The same request, whatever its body looks like.
    let spaced = r#" { "virtual_tenant_id": null, "demo_account_type": "library" } "#;
    for body in [LIBRARY, spaced] {
        let again = desk.call("POST", SESSIONS, &[NAME], body).await;
        assert_eq!((again.status.as_u16(), &again.text), (200, &first.text));
    }
    let another = [("idempotency-key", "8e03978e-40d5-43dd-bc93-6894a57f9325")];
    let other = desk.call("POST", SESSIONS, &another, LIBRARY).await.json();
    assert_ne!(other["session_id"], first.json()["session_id"]);
}

#[tokio::test]
async fn a_key_stands_for_one_request() {
    let desk = Desk::new();
    desk.call("POST", SESSIONS, &[NAME], LIBRARY).await;
    let key = ("x-internal-api-key", KEY);
    let dated = r#"{"demo_account_type":"library","session_created_at":"2026-03-02T10:00:00Z"}"#;
    for body in [LIBRARY, dated] {
        let answer = desk.call("POST", SESSIONS, &[NAME, key], body).await;
        let problem = answer.refusal(422, "idempotency_key_reused");
        assert_eq!(problem["errors"][0]["parameter"], "Idempotency-Key");
    }
}

#[tokio::test]
async fn a_caller_that_does_not_wait_is_told_how_far_it_is() {
    let desk = Desk::new();
    let headers = [NAME, ("prefer", "respond-async")];
    let first = desk.call("POST", SESSIONS, &headers, LIBRARY).await;
    let again = desk.call("POST", SESSIONS, &headers, LIBRARY).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (202, 202));
    assert_eq!(again.text, first.text);
    assert_eq!(again.headers["location"], first.headers["location"]);
    let mut row = {
        let sessions = desk.library.sessions.lock().unwrap();
        sessions.values().next().unwrap().clone()
    };
    row.status = levain_model::SessionStatus::Ready;
    desk.library.keep(row);
    let later = desk.call("POST", SESSIONS, &headers, LIBRARY).await;
    assert_eq!(later.status, 200);
    assert_eq!(later.json()["status"], "READY");
    assert!(later.json()["credentials"]["access_token"].is_string());
    assert!(!later.headers.contains_key("preference-applied"));
}

#[tokio::test]
async fn a_key_is_long_visible_and_alone() {
    let desk = Desk::new();
    let longest = "k".repeat(255);
    for right in ["sixteen-visible-", "\"quoted-as-in-the-draft\"", &longest] {
        let headers = [("idempotency-key", right)];
        let answer = desk.call("POST", SESSIONS, &headers, LIBRARY).await;
        assert_eq!(answer.status, 200, "{right}");
    }
    let too_long = "k".repeat(256);
    let short = [("idempotency-key", "fifteen-visible")];
    let long = [("idempotency-key", too_long.as_str())];
    let spaced = [("idempotency-key", "with a space in it")];
    let foreign = [("idempotency-key", "sixteen-visible-ñ")];
    let empty = [("idempotency-key", "")];
    let twice = [NAME, NAME];
    for headers in [&short[..], &long, &spaced, &foreign, &empty, &twice] {
        let answer = desk.call("POST", SESSIONS, headers, LIBRARY).await;
        let problem = answer.refusal(400, "invalid_request");
        assert_eq!(problem["errors"][0]["parameter"], "Idempotency-Key");
    }
}

#[tokio::test]
async fn a_request_that_was_refused_leaves_its_key_free() {
    let desk = Desk::new().in_trouble(Trouble::Busy);
    let busy = desk.call("POST", SESSIONS, &[NAME], LIBRARY).await;
    busy.refusal(503, "too_many_clones");
    let desk = desk.in_trouble(Trouble::Nothing);
    let answer = desk.call("POST", SESSIONS, &[NAME], LIBRARY).await;
    assert_eq!(answer.status, 200);
}
