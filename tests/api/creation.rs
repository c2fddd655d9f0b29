//! A session is created, shown, and asked how far it is.

use serde_json::Value;

use super::visit::{path, tenant};
use crate::support::{Puppets, TestApp, masked};

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_answers_200_with_a_ready_session() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    assert_eq!(session["status"], "READY");
    // The snapshot masks it; a base tenant is no virtual one.
    assert_ne!(session["virtual_tenant_id"], session["base_tenant_id"]);
    let services = session["services"][tenant(&session)].as_object().unwrap();
    let account = app.sessions.catalog().account("professional").unwrap();
    assert_eq!(services.len(), account.slices.len());
    assert!(session["records_total"].as_u64().unwrap() >= 3500);
    masked().bind(|| insta::assert_json_snapshot!(session));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_shown_as_it_was_created_but_for_its_token() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let mut session = app.create("show").await.expect(200);
    let shown = app.get(&path(&session, "")).await.expect(200);
    let credentials = session["credentials"].as_object_mut().unwrap();
    assert!(credentials.remove("access_token").is_some());
    assert_eq!(shown, session);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_tells_how_far_each_domain_is() {
    let app = TestApp::over(&Puppets::misbehaving("extra", "fail").load().hosting).await;
    let session = app.create("show").await.expect(200);
    let status = app.get(&path(&session, "/status")).await.expect(200);
    masked().bind(|| insta::assert_json_snapshot!(status));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_failed_is_told_whole_and_discreetly() {
    let stage = Puppets::misbehaving("lead", "schema").load();
    let app = TestApp::over(&stage.hosting).await;
    let answer = app.create("show").await;
    super::bad_input::assert_discreet(&app, &answer);
    let problem = answer.problem(502, "session_failed");
    masked().bind(|| insta::assert_json_snapshot!(problem));
    let shown = app.get(&path(&problem, "")).await.expect(200);
    assert_eq!(shown["status"], "FAILED");
    assert_eq!(shown["services"], problem["services"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_newest_first_for_the_holder_of_the_key() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let mut created = Vec::new();
    for _ in 0..3 {
        created.push(app.create("show").await.expect(200)["session_id"].clone());
        app.clock.advance(std::time::Duration::from_secs(1));
    }
    created.reverse();
    app.get("/api/demo/sessions")
        .await
        .problem(401, "internal_key_missing");
    let ids = |list: &Value| -> Vec<Value> {
        let sessions = list["sessions"].as_array().unwrap();
        sessions
            .iter()
            .map(|session| session["session_id"].clone())
            .collect()
    };
    let all = app.get_internal("/api/demo/sessions").await.expect(200);
    assert_eq!(ids(&all), created);
    let two = app
        .get_internal("/api/demo/sessions?limit=2")
        .await
        .expect(200);
    assert_eq!(ids(&two), created[..2]);
    assert!(
        !all.to_string().contains("v4.public"),
        "a token is given once: {all:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn services_have_the_order_of_the_catalog() {
    let app = TestApp::bakery().await;
    let answer = app.create("professional").await;
    answer.expect(200);
    let services = answer.text.find("\"services\":").unwrap();
    let text = &answer.text[services..];
    let account = app.sessions.catalog().account("professional").unwrap();
    let domains = app.sessions.catalog().domains().iter();
    let places: Vec<usize> = domains
        .filter(|domain| account.slices.contains_key(&domain.slug))
        .map(|domain| {
            text.find(&format!("\"{}\":{{\"status\"", domain.slug))
                .unwrap()
        })
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}
