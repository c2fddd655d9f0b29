//! What is done with a session that was created: a visitor reads its data with its token, a service
//! deletes a domain of it and clones it again.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, INTERNAL_KEY, TestApp};

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

/// Reads what is below a session's path with the session's own token.
pub async fn get(app: &TestApp, session: &Value, below: &str) -> Answer {
    get_as(app, session, &path(session, below)).await
}

/// Reads a path with a session's token.
pub async fn get_as(app: &TestApp, holder: &Value, path: &str) -> Answer {
    let token = bearer(holder);
    let headers = [("authorization", token.as_str())];
    app.call(Method::GET, path, &headers, &Value::Null).await
}

/// What a caller takes a session to be, as `clone` wants it.
pub fn asked(session: &Value) -> Value {
    json!({
        "base_tenant_id": session["base_tenant_id"],
        "virtual_tenant_id": session["virtual_tenant_id"],
        "demo_account_type": session["demo_account_type"],
        "session_id": session["session_id"],
        "session_created_at": session["session_created_at"],
    })
}

/// Deletes a domain of a tenant, as its service is told to.
pub async fn delete(app: &TestApp, domain: &str, tenant: &str) -> Answer {
    let path = format!("/services/{domain}/internal/demo/tenant/{tenant}");
    let headers = [("x-internal-api-key", INTERNAL_KEY)];
    app.call(Method::DELETE, &path, &headers, &Value::Null)
        .await
}
