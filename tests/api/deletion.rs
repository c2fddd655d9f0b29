//! A session is destroyed: repeatably, and nothing of its tenant is left.

use super::visit::{data, path, read, tenant};
use crate::support::{Puppets, TestApp, masked};

#[tokio::test(flavor = "multi_thread")]
async fn repeated_deletion_returns_200_and_leaves_no_row() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    let other = app.create("professional").await.expect(200);
    let records = session["records_total"].clone();
    assert_eq!(
        super::sql::rows_of(&app, tenant(&session)).await,
        records.as_i64().unwrap()
    );

    let path = path(&session, "");
    let first = app.delete(&path).await.expect(200);
    assert_eq!(first["records_deleted"], records);
    for _ in 0..2 {
        let again = app.delete(&path).await.expect(200);
        assert_eq!(
            (&again["status"], &again["records_deleted"]),
            (&"DESTROYED".into(), &0.into())
        );
    }
    assert_eq!(super::sql::rows_of(&app, tenant(&session)).await, 0);
    // The other session of the same account keeps all of its own.
    assert_eq!(
        super::sql::rows_of(&app, tenant(&other)).await,
        records.as_i64().unwrap()
    );

    read(&app, &session, "sales/sale")
        .await
        .problem(410, "session_destroyed");
    app.get_internal(&data(&session, "sales/sale"))
        .await
        .problem(410, "session_destroyed");
    assert_eq!(app.get(&path).await.expect(200)["status"], "DESTROYED");
    let mut settings = masked();
    settings.add_filter(
        r#""records_deleted": \d+"#,
        r#""records_deleted": "[records]""#,
    );
    settings.bind(|| insta::assert_json_snapshot!(first));
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_session_under_way_cancels_it() {
    let app = TestApp::over(&Puppets::misbehaving("extra", "loop").load().hosting).await;
    let body = serde_json::json!({"demo_account_type": "show"});
    let creating = app.post("/api/demo/sessions", &body);
    let deleting = async {
        loop {
            let list = app.get_internal("/api/demo/sessions").await.expect(200);
            if let Some(session) = list["sessions"].get(0) {
                assert_eq!(session["status"], "CLONING");
                app.delete(&path(session, "")).await.expect(200);
                break session.clone();
            }
            tokio::task::yield_now().await;
        }
    };
    let (refused, session) = tokio::join!(creating, deleting);
    refused.problem(409, "session_cancelled");
    assert_eq!(
        app.get(&path(&session, "")).await.expect(200)["status"],
        "DESTROYED"
    );
    assert_eq!(super::sql::rows_of(&app, tenant(&session)).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_forgets_everything_leaves_nothing_all_the_same() {
    // The puppet's cleanup names no entity at all.
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    assert_eq!(super::sql::rows_of(&app, tenant(&session)).await, 4);
    assert_eq!(
        app.delete(&path(&session, "")).await.expect(200)["records_deleted"],
        4
    );
    assert_eq!(super::sql::rows_of(&app, tenant(&session)).await, 0);
}
