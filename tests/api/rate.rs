//! How often one client may create.

use super::visit::path;
use crate::support::{Puppets, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn past_its_pace_a_client_is_told_when_to_come_back() {
    let hosting = Puppets::new().load().hosting;
    let pace = [("creations_per_minute", "2"), ("creations_burst", "2")];
    let app = TestApp::with(&hosting, &pace).await;
    let session = app.create("show").await.expect(200);
    app.create("show").await.expect(200);
    let refused = app.create("show").await;
    insta::assert_json_snapshot!(
        "too_many_requests",
        refused.problem(429, "too_many_requests")
    );
    let seconds: u64 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=30).contains(&seconds), "{seconds}");
    app.post(&path(&session, "/reset"), &serde_json::Value::Null)
        .await
        .problem(429, "too_many_requests");
    // Only a creation and a reset count, and not those of the holder of the internal key.
    let null = serde_json::Value::Null;
    app.post(&path(&session, "/extend"), &null)
        .await
        .expect(200);
    app.post_internal(&path(&session, "/reset"), &null)
        .await
        .expect(200);
    app.delete(&path(&session, "")).await.expect(200);
    let body = serde_json::json!({"demo_account_type": "show"});
    app.post_internal("/api/demo/sessions", &body)
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_limit_is_no_limit() {
    let hosting = Puppets::new().load().hosting;
    let pace = [("creations_per_minute", "0"), ("creations_burst", "1")];
    let app = TestApp::with(&hosting, &pace).await;
    for _ in 0..5 {
        app.create("show").await.expect(200);
    }
}
