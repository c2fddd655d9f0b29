//! A domain forgets a tenant.

use super::visit::{delete, path, tenant};
use crate::support::{Puppets, TestApp, masked};

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_counts_by_entity_and_can_be_repeated() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    let held = session["services"][tenant(&session)]["recipes"]["records_cloned"].clone();
    let first = delete(&app, "recipes", tenant(&session)).await.expect(200);
    assert_eq!(first["records_deleted"], held);
    let again = delete(&app, "recipes", tenant(&session)).await.expect(200);
    assert_eq!(again["status"], "not_found");
    assert_eq!(again["records_deleted"]["total"], 0);
    // What triggers had made of it is gone as well, and is not told as the domain's.
    let shown = app.get(&path(&session, "")).await.expect(200);
    let left = shown["records_total"].as_i64().unwrap();
    let gone = held["total"].as_i64().unwrap();
    assert!(left <= session["records_total"].as_i64().unwrap() - gone);
    assert_eq!(super::sql::rows_of(&app, tenant(&session)).await, left);
    // What the domain deleted is not counted again with its session.
    let destroyed = app.delete(&path(&session, "")).await.expect(200);
    assert_eq!(destroyed["records_deleted"], left);
    masked().bind(|| insta::assert_json_snapshot!([first, again]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_nobody_has_is_not_found_in_the_answer() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    let nobody = "4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10";
    let answer = delete(&app, "lead", nobody).await.expect(200);
    assert_eq!(
        (&answer["status"], &answer["virtual_tenant_id"]),
        (&"not_found".into(), &nobody.into())
    );
    delete(&app, "laed", nobody)
        .await
        .problem(404, "unknown_domain");
    delete(&app, "lead", "7")
        .await
        .problem(400, "invalid_request");
    assert_eq!(
        app.get(&path(&session, "")).await.expect(200)["status"],
        "READY"
    );
}
