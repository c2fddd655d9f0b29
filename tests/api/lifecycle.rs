//! More time for a session, and fresh data.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::visit::{path, read, tenant};
use crate::support::{Puppets, TestApp};

const MINUTE: Duration = Duration::from_secs(60);

async fn post(app: &TestApp, session: &Value, below: &str) -> crate::support::Answer {
    app.call(Method::POST, &path(session, below), &[], &Value::Null)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_extended_to_the_cap_and_its_token_with_it() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    assert_eq!(session["expires_at"], "2026-03-02T10:30:00Z");
    for (left, end) in [(2, "11:00"), (1, "11:30"), (0, "12:00")] {
        app.clock.advance(29 * MINUTE);
        let extended = post(&app, &session, "/extend").await.expect(200);
        assert_eq!(extended["expires_at"], format!("2026-03-02T{end}:00Z"));
        assert_eq!(extended["extensions_left"], left);
        read(&app, &session, "lead/note").await.expect(200);
    }
    let refused = post(&app, &session, "/extend").await;
    insta::assert_json_snapshot!(
        "no_more_extensions",
        refused.problem(409, "no_more_extensions")
    );
    let status = app.get(&path(&session, "/status")).await.expect(200);
    assert_eq!(status["expires_at"], "2026-03-02T12:00:00Z");

    app.clock.advance(33 * MINUTE);
    read(&app, &session, "lead/note")
        .await
        .problem(410, "session_expired");
    for below in ["/extend", "/reset"] {
        let late = post(&app, &session, below).await;
        late.problem(410, "session_expired");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_keeps_the_names_and_swaps_the_data() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    let other = app.create("professional").await.expect(200);
    let before = read(&app, &session, "production/batch").await.expect(200);
    let others = read(&app, &other, "production/batch").await.text;
    for session in [&session, &other] {
        post(&app, session, "/extend").await.expect(200);
    }
    app.clock.advance(31 * MINUTE);

    let reset = post(&app, &session, "/reset").await.expect(200);
    for kept in [
        "session_id",
        "virtual_tenant_id",
        "base_tenant_id",
        "created_at",
    ] {
        assert_eq!(reset[kept], session[kept], "{kept}");
    }
    assert_eq!(reset["status"], "READY");
    assert_eq!(reset["session_created_at"], "2026-03-02T10:31:00Z");
    assert_eq!(reset["expires_at"], "2026-03-02T11:00:00Z");
    assert_eq!(reset["extensions_left"], 2);
    assert_eq!(reset["records_total"], session["records_total"]);
    assert_eq!(app.get(&path(&session, "")).await.expect(200), reset);

    // With the token that it was created with.
    let after = read(&app, &session, "production/batch").await.expect(200);
    assert_eq!(after["tenant_id"], tenant(&session));
    assert_eq!(after["total"], before["total"]);
    assert_ne!(
        after["records"], before["records"],
        "it is told from another instant"
    );
    let started = |page: &Value| page["records"][0]["planned_start_time"].clone();
    assert_ne!(started(&after), started(&before));
    assert_eq!(
        super::sql::rows_of(&app, tenant(&session)).await,
        session["records_total"].as_i64().unwrap(),
        "nothing of the old data is left"
    );
    assert_eq!(read(&app, &other, "production/batch").await.text, others);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_fails_leaves_all_as_it_was() {
    let stage = Puppets::misbehaving("lead", "fail-off-the-hour").load();
    let app = TestApp::over(&stage.hosting).await;
    let session = app.create("show").await.expect(200);
    let held = read(&app, &session, "lead/note").await.text;
    let shown = app.get(&path(&session, "")).await.expect(200);

    app.clock.advance(MINUTE);
    let refused = post(&app, &session, "/reset").await;
    super::bad_input::assert_discreet(&app, &refused);
    let problem = refused.problem(502, "reset_failed");
    assert_eq!(problem["session_id"], session["session_id"]);
    assert!(
        problem["errors"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("on the hour")
    );
    assert_eq!(app.get(&path(&session, "")).await.expect(200), shown);
    assert_eq!(read(&app, &session, "lead/note").await.text, held);

    for _ in 0..2 {
        post(&app, &session, "/extend").await.expect(200);
    }
    app.clock.advance(59 * MINUTE);
    let reset = post(&app, &session, "/reset").await.expect(200);
    assert_eq!(reset["session_created_at"], "2026-03-02T11:00:00Z");
    assert_eq!(
        read(&app, &session, "lead/note").await.expect(200)["total"],
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_has_every_session_on_one_page() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    // All at one instant: then their ids put them in order.
    for _ in 0..5 {
        app.create("show").await.expect(200);
    }
    let ids = |list: &Value| -> Vec<Value> {
        let sessions = list["sessions"].as_array().unwrap().iter();
        sessions
            .map(|session| session["session_id"].clone())
            .collect()
    };
    let whole = app.get_internal("/api/demo/sessions").await.expect(200);
    assert_eq!(whole["next_cursor"], json!(null));
    let (mut paged, mut query) = (Vec::new(), String::new());
    loop {
        let page = format!("/api/demo/sessions?limit=2{query}");
        let page = app.get_internal(&page).await.expect(200);
        paged.extend(ids(&page));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        query = format!("&cursor={next}");
        // What is created meanwhile is newer than all of it.
        app.clock.advance(MINUTE);
        app.create("show").await.expect(200);
    }
    assert_eq!(paged.len(), 5);
    assert_eq!(paged, ids(&whole));
}
