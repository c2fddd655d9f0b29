//! Whether a record exists, for every entity of the catalog.

use axum::http::Method;
use serde_json::Value;

use super::visit::{path, tenant};
use crate::support::{Answer, INTERNAL_KEY, Puppets, Records, TestApp};

async fn exists(app: &TestApp, domain: &str, entity: &str, id: &str, tenant: &str) -> Answer {
    let query = format!("entity_type={entity}&id={id}&tenant_id={tenant}");
    let path = format!("/services/{domain}/internal/demo/exists?{query}");
    app.call(
        Method::HEAD,
        &path,
        &[("x-internal-api-key", INTERNAL_KEY)],
        &Value::Null,
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entity_can_be_asked_for_its_records() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    let other = app.create("professional").await.expect(200);
    let records = Records::of(&app, &session).await;
    let nobody = "4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10";
    let mut asked = 0;
    for (name, rows) in records.iter() {
        let (domain, entity) = name.split_once('.').unwrap();
        for row in [rows.first(), rows.last()].into_iter().flatten() {
            let id = row["id"].as_str().unwrap();
            let found = exists(&app, domain, entity, id, tenant(&session)).await;
            assert_eq!(
                (found.status.as_u16(), found.text.as_str()),
                (200, ""),
                "{name} {id}"
            );
            // It is the record of one tenant, of one entity.
            for (id, tenant) in [
                (id, tenant(&other)),
                (id, nobody),
                (nobody, tenant(&session)),
            ] {
                let missing = exists(&app, domain, entity, id, tenant).await;
                assert_eq!(
                    (missing.status.as_u16(), missing.text.as_str()),
                    (404, ""),
                    "{name} {id}"
                );
            }
        }
        asked += 1;
    }
    // Every entity of every domain that has anything here: cloned, or made by triggers.
    let catalog = app.sessions.catalog();
    let account = catalog.account("professional").unwrap();
    let here = catalog
        .domains()
        .iter()
        .filter(|domain| domain.triggered || account.slices.contains_key(&domain.slug));
    assert_eq!(
        asked,
        here.map(|domain| domain.entities.len()).sum::<usize>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_exists_in_a_session_that_is_over() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    let records = Records::of(&app, &session).await;
    let id = records.all("lead.note")[0]["id"].as_str().unwrap();
    assert_eq!(
        exists(&app, "lead", "note", id, tenant(&session))
            .await
            .status,
        200
    );
    assert_eq!(
        exists(&app, "extra", "note", id, tenant(&session))
            .await
            .status,
        404
    );
    app.delete(&path(&session, "")).await.expect(200);
    assert_eq!(
        exists(&app, "lead", "note", id, tenant(&session))
            .await
            .status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_must_be_whole() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    let own = tenant(&session);
    assert_eq!(exists(&app, "lead", "note", "7", own).await.status, 400);
    assert_eq!(exists(&app, "lead", "note", own, "7").await.status, 400);
    assert_eq!(exists(&app, "lead", "letter", own, own).await.status, 404);
    assert_eq!(exists(&app, "laed", "note", own, own).await.status, 404);
    let bare = "/services/lead/internal/demo/exists";
    let headers = [("x-internal-api-key", INTERNAL_KEY)];
    assert_eq!(
        app.call(Method::HEAD, bare, &headers, &Value::Null)
            .await
            .status,
        400
    );
}
