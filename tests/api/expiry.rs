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
