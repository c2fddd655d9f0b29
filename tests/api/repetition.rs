//! `Idempotency-Key`: a request that is sent again, or fifty times at once.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::visit::{path, read};
use crate::support::{Answer, INTERNAL_KEY, Puppets, TestApp, masked};

const SESSIONS: &str = "/api/demo/sessions";
const KEY: (&str, &str) = ("idempotency-key", "8e03978e-40d5-43dd-bc93-6894a57f9324");

fn show() -> Value {
    json!({"demo_account_type": "show"})
}

/// Sends requests at once, each with its headers and body.
async fn at_once(app: &Arc<TestApp>, requests: Vec<(bool, Value)>) -> Vec<Answer> {
    let mut calls = JoinSet::new();
    for (internal, body) in requests {
        let app = Arc::clone(app);
        calls.spawn(async move {
            let key = ("x-internal-api-key", INTERNAL_KEY);
            let headers = if internal { vec![KEY, key] } else { vec![KEY] };
            app.call(Method::POST, SESSIONS, &headers, &body).await
        });
    }
    calls.join_all().await
}

async fn sessions(app: &TestApp) -> i64 {
    let database = app.database().await;
    database.number("SELECT count(*) FROM demo_sessions").await
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_identical_requests_at_once_make_one_session() {
    let app = Arc::new(TestApp::over(&Puppets::new().load().hosting).await);
    let answers = at_once(&app, vec![(false, show()); 50]).await;
    let first = answers[0].expect(200);
    assert_eq!(first["status"], "READY");
    assert!(first["credentials"]["access_token"].is_string());
    for answer in &answers {
        assert_eq!(
            (answer.status.as_u16(), &answer.text),
            (200, &answers[0].text)
        );
    }
    assert_eq!(sessions(&app).await, 1);
    read(&app, &first, "lead/note").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_requests_under_one_key_one_is_refused() {
    let app = Arc::new(TestApp::over(&Puppets::new().load().hosting).await);
    let dated = json!({"demo_account_type": "show", "session_created_at": "2026-03-02T09:00:00Z"});
    let mut requests = vec![(true, show()); 10];
    requests.extend(vec![(true, dated); 10]);
    let answers = at_once(&app, requests).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((made.len(), refused.len()), (10, 10));
    for answer in &made {
        assert_eq!(answer.text, made[0].text);
    }
    for answer in &refused {
        answer.problem(422, "idempotency_key_reused");
    }
    assert_eq!(sessions(&app).await, 1);
    // The same words from somebody without the internal key are another request.
    let public = at_once(&app, vec![(false, show())]).await;
    let problem = public[0].problem(422, "idempotency_key_reused");
    masked().bind(|| insta::assert_json_snapshot!("key_reused", problem));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_is_told_what_became_of_the_session() {
    let stage = Puppets::misbehaving("extra", "loop").load();
    let app = Arc::new(TestApp::over(&stage.hosting).await);
    let headers = [KEY, ("prefer", "respond-async")];
    let first = app.call(Method::POST, SESSIONS, &headers, &show()).await;
    let session = first.expect(202);
    let again = app.call(Method::POST, SESSIONS, &headers, &show()).await;
    assert_eq!(again.expect(202)["session_id"], session["session_id"]);
    // Whoever does wait gets the end of the same clone.
    let waited = at_once(&app, vec![(false, show())]).await;
    let ended = waited[0].expect(200);
    assert_eq!(
        (&ended["session_id"], &ended["status"]),
        (&session["session_id"], &json!("PARTIAL"))
    );
    let late = app.call(Method::POST, SESSIONS, &headers, &show()).await;
    assert_eq!(late.expect(200), ended);

    app.delete(&path(&session, "")).await.expect(200);
    let over = app.call(Method::POST, SESSIONS, &headers, &show()).await;
    over.problem(410, "session_destroyed");
    at_once(&app, vec![(false, show())]).await[0].problem(410, "session_destroyed");
    // A day later the key is free.
    app.clock
        .advance(std::time::Duration::from_secs(24 * 60 * 60));
    let fresh = at_once(&app, vec![(false, show())]).await[0].expect(200);
    assert_ne!(fresh["session_id"], session["session_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_failed_fails_again_under_its_key() {
    let app = Arc::new(TestApp::over(&Puppets::misbehaving("lead", "fail").load().hosting).await);
    let first = at_once(&app, vec![(false, show())]).await;
    let problem = first[0].problem(502, "session_failed");
    let again = at_once(&app, vec![(false, show()); 3]).await;
    for answer in &again {
        assert_eq!(answer.problem(502, "session_failed"), problem);
    }
    assert_eq!(sessions(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn key_has_16_to_255_visible_characters() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let create =
        async |headers: &[(&str, &str)]| app.call(Method::POST, SESSIONS, headers, &show()).await;
    let (longest, too_long) = ("k".repeat(255), "k".repeat(256));
    for right in ["sixteen-visible-", "\"quoted-as-in-the-draft\"", &longest] {
        create(&[("idempotency-key", right)]).await.expect(200);
    }
    for wrong in [
        "fifteen-visible",
        &too_long,
        "with a space in it",
        "sixteen-visible-ñ",
        "",
    ] {
        let answer = create(&[("idempotency-key", wrong)]).await;
        let problem = answer.problem(400, "invalid_request");
        assert_eq!(problem["errors"][0]["parameter"], "Idempotency-Key");
    }
    create(&[KEY, KEY]).await.problem(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn null_fields_do_not_make_another_request() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let nulls = json!({
        "demo_account_type": "show", "session_created_at": null, "virtual_tenant_id": null,
    });
    let first = app.call(Method::POST, SESSIONS, &[KEY], &show()).await;
    let again = app.call(Method::POST, SESSIONS, &[KEY], &nulls).await;
    first.expect(200);
    assert_eq!((again.status, again.text), (first.status, first.text));
}
