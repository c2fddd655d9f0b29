//! A session's time, and what is left of it afterwards.

use std::time::Duration;

use super::visit::{data, path, read, tenant};
use crate::support::{Puppets, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn past_its_time_a_session_answers_410_for_its_data() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    let lifetime = app.sessions.policy().duration;
    app.clock.advance(lifetime - Duration::from_micros(1));
    read(&app, &session, "lead/note").await.expect(200);
    app.clock.advance(Duration::from_micros(1));

    let problem = read(&app, &session, "lead/note")
        .await
        .problem(410, "session_expired");
    insta::assert_json_snapshot!(problem);
    app.get_internal(&data(&session, "lead/note"))
        .await
        .problem(410, "session_expired");
    let export = format!("/services/lead/internal/demo/export/{}", tenant(&session));
    app.get_internal(&export)
        .await
        .problem(410, "session_expired");
    let shown = app.get(&path(&session, "")).await.expect(200);
    assert_eq!(shown["status"], "EXPIRED");
    let status = app.get(&path(&session, "/status")).await.expect(200);
    assert_eq!(status["status"], "EXPIRED");

    let deleted = app.delete(&path(&session, "")).await.expect(200);
    assert_eq!(deleted["records_deleted"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_ends_at_the_last_extension_that_could_be() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    // A row that is open for longer than the policy allows, as after a change of the settings.
    let later = "UPDATE demo_sessions SET expires_at = '2026-03-03T10:00:00.000000Z'";
    assert_eq!(app.database().await.execute(later).await, 1);
    app.clock
        .advance(4 * app.sessions.policy().duration - Duration::from_micros(1));
    read(&app, &session, "lead/note").await.expect(200);
    app.clock.advance(Duration::from_micros(1));
    read(&app, &session, "lead/note")
        .await
        .problem(401, "token_expired");
}
