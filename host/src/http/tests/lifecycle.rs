//! More time and fresh data.

use serde_json::{Value, json};

use crate::http::testing::{Desk, Trouble, session};
use levain_model::SessionStatus;

fn path(session: &Value, below: &str) -> String {
    let id = session["session_id"].as_str().unwrap();
    format!("/api/demo/sessions/{id}{below}")
}

#[tokio::test]
async fn a_session_is_extended_as_often_as_it_says() {
    let desk = Desk::new();
    let created = desk.create().await;
    for (left, end) in [(2, "11:00"), (1, "11:30"), (0, "12:00")] {
        let answer = desk.call("POST", &path(&created, "/extend"), &[], "").await;
        assert_eq!(answer.status, 200);
        let extended = answer.json();
        assert_eq!(extended["extensions_left"], left);
        assert_eq!(extended["expires_at"], format!("2026-03-02T{end}:00Z"));
        let shown = desk.get(&path(&created, "/status")).await.json();
        assert_eq!(shown["expires_at"], extended["expires_at"]);
        // The token was given once.
        assert!(extended["credentials"].get("access_token").is_none());
    }
    let refused = desk.call("POST", &path(&created, "/extend"), &[], "").await;
    refused.refusal(409, "no_more_extensions");
}

#[tokio::test]
async fn a_reset_answers_with_the_session_and_its_new_data() {
    let desk = Desk::new();
    let created = desk.create().await;
    let answer = desk.call("POST", &path(&created, "/reset"), &[], "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut expected = created.clone();
    expected["credentials"]
        .as_object_mut()
        .unwrap()
        .remove("access_token");
    expected["session_created_at"] = json!("2026-03-02T11:00:00Z");
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn a_reset_that_fails_is_no_session_that_failed() {
    let desk = Desk::new();
    let created = desk.create().await;
    let desk = desk.in_trouble(Trouble::Required);
    let answer = desk.call("POST", &path(&created, "/reset"), &[], "").await;
    let body = answer.refusal(502, "reset_failed");
    assert_eq!(body["session_id"], created["session_id"]);
    assert_eq!(
        body["errors"][0]["detail"],
        "timeout: it took more than 10 s"
    );
    assert_eq!(
        body["hint"],
        "the session and what it held before are as they were"
    );
    assert!(!answer.text.contains("FAILED"), "{body}");

    let desk = desk.in_trouble(Trouble::Changed);
    let answer = desk.call("POST", &path(&created, "/reset"), &[], "").await;
    answer.refusal(409, "session_changed");
    assert_eq!(answer.headers["retry-after"], "1");
}

#[tokio::test]
async fn what_is_not_open_has_neither() {
    use SessionStatus::{Cloning, Destroyed, Expired, Failed};
    let desk = Desk::new();
    for (status, refusal) in [
        (Cloning, (409, "session_not_open")),
        (Failed, (409, "session_not_open")),
        (Expired, (410, "session_expired")),
        (Destroyed, (410, "session_destroyed")),
    ] {
        let mut row = session("demo_closed");
        row.status = status;
        desk.library.keep(row);
        for below in ["extend", "reset"] {
            let path = format!("/api/demo/sessions/demo_closed/{below}");
            let answer = desk.call("POST", &path, &[], "").await;
            answer.refusal(refusal.0, refusal.1);
        }
    }
    for below in ["extend", "reset"] {
        let path = format!("/api/demo/sessions/demo_0/{below}");
        let answer = desk.call("POST", &path, &[], "").await;
        answer.refusal(404, "session_not_found");
        let path = format!("/api/demo/sessions/%ff/{below}");
        let answer = desk.call("POST", &path, &[], "").await;
        answer.refusal(400, "invalid_request");
        desk.get(&path).await.refusal(405, "method_not_allowed");
    }
}

#[tokio::test]
async fn where_too_much_is_under_way_a_caller_is_told_to_come_back() {
    let desk = Desk::new();
    let created = desk.create().await;
    let desk = desk.in_trouble(Trouble::Busy);
    let body = r#"{"demo_account_type":"library"}"#;
    for (path, body) in [
        ("/api/demo/sessions", body),
        (&path(&created, "/reset"), ""),
    ] {
        let answer = desk.call("POST", path, &[], body).await;
        answer.refusal(503, "too_many_clones");
        assert_eq!(answer.headers["retry-after"], "1");
    }
}
