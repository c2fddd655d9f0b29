//! What a visitor does with a session that was created: reads its data with its token.

use axum::http::Method;
use serde_json::Value;

use crate::support::{Answer, TestApp};

/// The session's id.
pub fn id(session: &Value) -> &str {
    session["session_id"].as_str().unwrap()
}

/// The session's own tenant.
pub fn tenant(session: &Value) -> &str {
    session["virtual_tenant_id"].as_str().unwrap()
}

/// The path of the session, or of something below it.
pub fn path(session: &Value, below: &str) -> String {
    format!("/api/demo/sessions/{}{below}", id(session))
}

/// The path of the records of an entity (`domain/entity`, and a query if any).
pub fn data(session: &Value, entity: &str) -> String {
    path(session, &format!("/data/{entity}"))
}

/// The header that the session's token makes.
pub fn bearer(session: &Value) -> String {
    format!(
        "Bearer {}",
        session["credentials"]["access_token"].as_str().unwrap()
    )
}

/// Reads data with the session's own token.
pub async fn read(app: &TestApp, session: &Value, entity: &str) -> Answer {
    read_as(app, session, session, entity).await
}

/// Reads one session's data with the token of another.
pub async fn read_as(app: &TestApp, holder: &Value, session: &Value, entity: &str) -> Answer {
    let token = bearer(holder);
    let headers = [("authorization", token.as_str())];
    app.call(Method::GET, &data(session, entity), &headers, &Value::Null)
        .await
}
