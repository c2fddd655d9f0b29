//! Who may read a session's data.

use axum::http::Method;
use serde_json::Value;

use super::visit::{bearer, data, read, read_as};
use crate::support::{INTERNAL_KEY, Puppets, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn only_its_own_token_and_the_internal_key_open_a_session() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    let other = app.create("show").await.expect(200);
    let path = data(&session, "lead/note");

    read(&app, &session, "lead/note").await.expect(200);
    app.get_internal(&path).await.expect(200);

    let none = app.get(&path).await;
    insta::assert_json_snapshot!("no_token", none.problem(401, "token_missing"));
    assert!(
        none.headers["www-authenticate"]
            .to_str()
            .unwrap()
            .starts_with("Bearer")
    );

    // The same words as for a session that does not exist.
    let foreign = read_as(&app, &other, &session, "lead/note").await;
    let foreign = foreign.problem(404, "session_not_found");
    let nowhere = format!("/api/demo/sessions/demo_{}/data/lead/note", "0".repeat(32));
    let token = bearer(&other);
    let nothing = app
        .call(
            Method::GET,
            &nowhere,
            &[("authorization", &token)],
            &Value::Null,
        )
        .await;
    assert_eq!(foreign, nothing.problem(404, "session_not_found"));

    let token = bearer(&session);
    let mut altered = token.clone().into_bytes();
    let middle = altered.len() / 2;
    altered[middle] = if altered[middle] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).unwrap();
    for wrong in [
        "Bearer nonsense",
        "Bearer ",
        &token.replace("Bearer", "Basic"),
        &altered,
    ] {
        let refused = app
            .call(
                Method::GET,
                &path,
                &[("authorization", wrong)],
                &Value::Null,
            )
            .await;
        refused.problem(401, "token_invalid");
    }
    // A wrong key is refused, and not made good by a right token.
    let headers = [
        ("authorization", token.as_str()),
        ("x-internal-api-key", "wrong"),
    ];
    app.call(Method::GET, &path, &headers, &Value::Null)
        .await
        .problem(401, "internal_key_wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_host_opens_nothing() {
    let stage = Puppets::new().load();
    let (app, other) = (
        TestApp::over(&stage.hosting).await,
        TestApp::over(&stage.hosting).await,
    );
    let session = app.create("show").await.expect(200);
    let forged = other.create("show").await.expect(200);
    read_as(&app, &forged, &session, "lead/note")
        .await
        .problem(401, "token_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_opens_no_service() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    let tenant = super::visit::tenant(&session);
    let export = format!("/services/lead/internal/demo/export/{tenant}");
    let token = bearer(&session);
    let by_token = app
        .call(
            Method::GET,
            &export,
            &[("authorization", &token)],
            &Value::Null,
        )
        .await;
    insta::assert_json_snapshot!("no_key", by_token.problem(401, "internal_key_missing"));
    let delete = format!("/services/lead/internal/demo/tenant/{tenant}");
    for (method, path, body) in [
        (Method::GET, export.as_str(), Value::Null),
        (Method::DELETE, delete.as_str(), Value::Null),
        (
            Method::HEAD,
            "/services/lead/internal/demo/exists?entity_type=note",
            Value::Null,
        ),
        (
            Method::POST,
            "/services/lead/internal/demo/clone",
            serde_json::json!({}),
        ),
    ] {
        // Fewer in all than one address may try at once.
        for wrong in ["wrong", &INTERNAL_KEY[1..]] {
            let refused = app
                .call(
                    method.clone(),
                    path,
                    &[("x-internal-api-key", wrong)],
                    &body,
                )
                .await;
            assert_eq!(refused.status, 401, "{method} {path}: {}", refused.text);
        }
    }
    read(&app, &session, "lead/note").await.expect(200);
}
