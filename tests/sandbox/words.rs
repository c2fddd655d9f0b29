//! What a guest says goes into answers, ledger rows and logs: bounded, and free of what a terminal or a database obeys.

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::misbehaviour::CASES;
use crate::support::{Host, Puppets, TestApp, guests_dir};

/// The most bytes of a failed domain in an answer and in the ledger: its failure, and its other fields.
const FAILURE: usize = 18 << 10;
/// The most bytes of the answer to a creation of which one domain failed.
const ANSWER: usize = 48 << 10;
/// What ends a text that was cut.
const CUT: &str = "… (cut)";

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_of_bounded_size_whatever_is_wrong() {
    let behaviours = CASES.iter().map(|case| case.behaviour);
    for behaviour in behaviours.chain(["long-key", "fail-at-length", "panic-at-length"]) {
        // What failed is answered with its session, and as a problem.
        for domain in ["extra", "lead"] {
            let stage = Puppets::misbehaving(domain, behaviour).load();
            let app = TestApp::over(&stage.hosting).await;
            let answer = app.create("show").await;
            let size = answer.text.len();
            assert!(size < ANSWER, "{behaviour} of {domain}: {size} bytes");
            let id = answer.json()["session_id"].as_str().unwrap().to_owned();
            let session = app
                .get(&format!("/api/demo/sessions/{id}"))
                .await
                .expect(200);
            let services = &session["services"][session["virtual_tenant_id"].as_str().unwrap()];
            let error = &services[domain]["error"];
            assert!(error.is_object(), "{behaviour}: {session:#}");
            check(error, behaviour);
            let database = app.database().await;
            let row =
                "SELECT CAST(length(services) + length(triggers) AS bigint) FROM demo_tenants";
            let size = database.number(row).await;
            assert!(
                size < i64::try_from(FAILURE).unwrap(),
                "{behaviour} of {domain}: {size} bytes"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cut_says_so() {
    for (behaviour, field) in [
        ("long-key", "/faults/0/message"),
        ("many-keys", "/faults/0/message"),
        ("fail-at-length", "/message"),
        ("panic-at-length", "/message"),
    ] {
        let stage = Puppets::misbehaving("extra", behaviour).load();
        let app = TestApp::over(&stage.hosting).await;
        let session = app.create("show").await.expect(200);
        let services = &session["services"][session["virtual_tenant_id"].as_str().unwrap()];
        let error = &services["extra"]["error"];
        let text = error.pointer(field).and_then(Value::as_str).unwrap();
        assert!(text.contains(CUT), "{behaviour}: {error:#}");
    }
}

/// Every text of it is short and shows nothing but characters.
fn check(value: &Value, behaviour: &str) {
    match value {
        Value::String(text) => {
            assert!(text.len() <= 2 << 10, "{behaviour}: {} bytes", text.len());
            assert!(!text.chars().any(char::is_control), "{behaviour}: {text:?}");
        }
        Value::Array(items) => items.iter().for_each(|item| check(item, behaviour)),
        Value::Object(fields) => fields.values().for_each(|field| check(field, behaviour)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn remarks_on_a_cleanup_are_bounded_and_can_be_queried() {
    let mut puppets = Puppets::new();
    puppets.add_account("remarks", "extra", "honest");
    let stage = puppets.load();
    let app = TestApp::over(&stage.hosting).await;
    let session = app.create("remarks").await.expect(200);
    let id = session["session_id"].as_str().unwrap();
    app.delete(&format!("/api/demo/sessions/{id}"))
        .await
        .expect(200);
    let database = app.database().await;
    // Asked as an operator asks: JSON, opened by the store.
    let remarks = match database {
        crate::support::Database::Sqlite(_) => {
            "SELECT r.value FROM demo_cleanup_audit AS a, json_each(a.error_details) AS r"
        }
        crate::support::Database::Postgres(_) => {
            "SELECT r.value FROM demo_cleanup_audit AS a, json_array_elements_text(a.error_details::json) AS r"
        }
    };
    let remarks = database.texts(remarks).await;
    assert!(
        remarks
            .iter()
            .any(|remark| remark.contains(r"said\u{0}\u{1b}[2Jx")),
        "{remarks:?}"
    );
    assert!(
        remarks
            .iter()
            .all(|remark| !remark.chars().any(char::is_control)),
        "{remarks:?}"
    );
    assert!(
        remarks.last().unwrap().contains("more are not listed") || remarks.len() < 50,
        "{remarks:?}"
    );
    let size: usize = remarks.iter().map(String::len).sum();
    assert!(size < 17 << 10, "{size} bytes");
}

#[test]
fn guest_log_lines_are_cut_and_escaped() {
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let catalog = Puppets::misbehaving("extra", "log-at-length").write(&files);
    let host = Host::serve(&catalog, &guests_dir(), data.path());
    let body = json!({"demo_account_type": "show"});
    let (status, session) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
    assert_eq!(
        (status, &session["status"]),
        (200, &json!("READY")),
        "{session:#}"
    );
    let (_, said) = host.stop();
    let line = said
        .lines()
        .find(|line| line.contains("[2Jx"))
        .unwrap_or_else(|| panic!("no line of {} bytes is the guest's", said.len()));
    let line: Value = serde_json::from_str(line).unwrap();
    let message = line["message"].as_str().unwrap();
    assert!(
        message.starts_with(r"said\u{0}\u{1b}[2Jx") && message.ends_with(CUT),
        "{:?}",
        message.get(..100)
    );
    assert!(message.len() <= 4 << 10, "{} bytes", message.len());
}
