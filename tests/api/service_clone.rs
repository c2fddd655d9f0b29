//! One domain of a session is cloned again: refreshed where it is there, repaired where it is not.

use serde_json::{Value, json};

use super::visit::{asked, delete, id, path, read, tenant};
use crate::support::{Puppets, TestApp, masked};

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_repairs_a_session_whose_domain_was_deleted() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    let before = app.get_internal(&export("recipes", &session)).await;
    before.expect(200);

    delete(&app, "recipes", tenant(&session)).await.expect(200);
    let partial = app.get(&path(&session, "")).await.expect(200);
    assert_eq!(partial["status"], "PARTIAL");
    assert_eq!(
        partial["services"][tenant(&session)]["recipes"]["status"],
        "deleted"
    );
    read(&app, &session, "recipes/recipe")
        .await
        .problem(409, "domain_not_cloned");
    read(&app, &session, "recipes/recipe_ingredient")
        .await
        .problem(409, "domain_not_cloned");
    read(&app, &session, "sales/sale").await.expect(200);

    let clone = "/services/recipes/internal/demo/clone";
    let cloned = app.post_internal(clone, &asked(&session)).await.expect(200);
    let repaired = app.get(&path(&session, "")).await.expect(200);
    assert_eq!(repaired["status"], "READY", "{repaired:#}");
    assert_eq!(
        app.get_internal(&export("recipes", &session)).await.text,
        before.text
    );
    let total = read(&app, &session, "recipes/recipe").await.expect(200)["total"].clone();
    assert_eq!(total, cloned["details"]["recipe"]);
    masked().bind(|| insta::assert_json_snapshot!(cloned));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_that_contradicts_its_session_is_refused() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    let clone = "/services/lead/internal/demo/clone";
    app.post_internal(clone, &asked(&session)).await.expect(200);
    let none = "4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10";
    for (field, value, status, code) in [
        (
            "session_id",
            format!("demo_{}", "0".repeat(32)),
            404,
            "session_not_found",
        ),
        (
            "virtual_tenant_id",
            none.to_owned(),
            404,
            "tenant_not_found",
        ),
        ("base_tenant_id", none.to_owned(), 400, "invalid_request"),
        (
            "demo_account_type",
            "other".to_owned(),
            400,
            "invalid_request",
        ),
        (
            "session_created_at",
            "2027-01-01T00:00:00Z".to_owned(),
            400,
            "invalid_request",
        ),
    ] {
        let mut body = asked(&session);
        body[field] = json!(value);
        let problem = app.post_internal(clone, &body).await.problem(status, code);
        if status == 400 {
            assert_eq!(
                problem["errors"][0]["pointer"],
                format!("/{field}"),
                "{problem:#}"
            );
        }
        body.as_object_mut().unwrap().remove(field);
        let problem = app
            .post_internal(clone, &body)
            .await
            .problem(400, "invalid_request");
        assert_eq!(
            problem["errors"][0]["pointer"],
            format!("/{field}"),
            "{problem:#}"
        );
    }
    let elsewhere = "/services/laed/internal/demo/clone";
    app.post_internal(elsewhere, &asked(&session))
        .await
        .problem(404, "unknown_domain");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_belongs_to_the_session_that_it_names() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let (session, other) = (
        app.create("show").await.expect(200),
        app.create("show").await.expect(200),
    );
    let mut body = asked(&session);
    body["virtual_tenant_id"] = other["virtual_tenant_id"].clone();
    let clone = "/services/lead/internal/demo/clone";
    app.post_internal(clone, &body)
        .await
        .problem(404, "tenant_not_found");
    app.delete(&path(&session, "")).await.expect(200);
    app.post_internal(clone, &asked(&session))
        .await
        .problem(410, "session_destroyed");
    assert_eq!(super::sql::rows_of(&app, tenant(&session)).await, 0);
    assert_ne!(id(&session), id(&other));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_that_fails_leaves_all_as_it_was() {
    let stage = Puppets::misbehaving("extra", "dangling").load();
    let app = TestApp::over(&stage.hosting).await;
    let session = app.create("show").await.expect(200);
    assert_eq!(session["status"], "PARTIAL");
    let before = app.get(&path(&session, "")).await.expect(200);
    let clone = "/services/extra/internal/demo/clone";
    let problem = app
        .post_internal(clone, &asked(&session))
        .await
        .problem(502, "domain_failed");
    assert_eq!(app.get(&path(&session, "")).await.expect(200), before);
    masked().bind(|| insta::assert_json_snapshot!(problem));
}

fn export(domain: &str, session: &Value) -> String {
    format!(
        "/services/{domain}/internal/demo/export/{}",
        tenant(session)
    )
}
