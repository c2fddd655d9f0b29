//! What a component computes follows from its arguments alone.

use serde_json::Value;

use crate::support::{Puppets, Records, TestApp};

/// The first note of a session whose plugin behaves as told.
async fn note(app: &TestApp, session: &Value) -> String {
    let records = Records::of(app, session).await;
    let text = &records.all("lead.note")[0]["text"];
    text.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_session_left_in_memory_no_other_finds() {
    let app = TestApp::over(&Puppets::misbehaving("lead", "keep-state").load().hosting).await;
    for _ in 0..5 {
        let session = app.create("show").await.expect(200);
        assert_eq!(note(&app, &session).await, "call 0: note 1 of lead");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_number_has_the_same_bits_everywhere() {
    let app = TestApp::over(&Puppets::misbehaving("lead", "nan").load().hosting).await;
    let session = app.create("show").await.expect(200);
    // The canonical NaN of the WebAssembly specification, whatever sign the processor gives it.
    assert_eq!(
        note(&app, &session).await,
        "7ff8000000000000: note 1 of lead"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_chance_would_order_has_one_order() {
    let app = TestApp::over(&Puppets::misbehaving("lead", "hash-order").load().hosting).await;
    let mut told = Vec::new();
    for _ in 0..5 {
        let session = app.create("show").await.expect(200);
        told.push(note(&app, &session).await);
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains(": note 1 of lead"), "{told:#?}");
}
