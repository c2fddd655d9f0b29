//! `kill -9` during a creation: after a restart nothing of the session is visible.

use axum::http::Method;
use serde_json::{Value, json};
use sqlx::SqlitePool;
use tempfile::TempDir;

use crate::support::{Host, INTERNAL_KEY, Puppets, guests_dir, masked, until};

const KEY: (&str, &str) = ("x-internal-api-key", INTERNAL_KEY);

/// Puppets, the optional one of which does not come back for a minute.
fn slow() -> Puppets {
    Puppets::misbehaving("extra", "loop").with_timeout_ms(60_000)
}

#[test]
fn killed_creation_fails_and_leaves_nothing() {
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let catalog = slow().write(&files);
    let host = Host::serve(&catalog, &guests_dir(), data.path());
    let body = json!({"demo_account_type": "show"});
    let (status, session) = host.call(
        Method::POST,
        "/api/demo/sessions",
        &[("prefer", "respond-async")],
        &body,
    );
    assert_eq!(status, 202, "{session:#}");
    let tenant = session["virtual_tenant_id"].as_str().unwrap().to_owned();
    let path = format!(
        "/api/demo/sessions/{}",
        session["session_id"].as_str().unwrap()
    );

    // One domain is done, the other at work: the middle of a creation.
    until("the required domain is cloned", || {
        let (_, now) = host.get(&format!("{path}/status"));
        assert_eq!(now["status"], "CLONING", "{now:#}");
        let progress = &now["progress"][&tenant];
        (progress["lead"]["status"] == "completed" && progress["extra"]["status"] == "cloning")
            .then_some(())
    });
    host.kill();
    assert_eq!(stored(&data), (vec!["CLONING".to_owned()], 0));

    // Mended, so that only the past can be what fails the session.
    let mut puppets = slow();
    puppets.behave("extra", "honest");
    puppets.write(&files);
    let mended = [("--replace-catalog", "true")];
    let host = Host::serve_with(&catalog, &guests_dir(), data.path(), &mended, &[]);
    assert_eq!(stored(&data), (vec!["FAILED".to_owned()], 0));
    let (status, shown) = host.get(&path);
    assert_eq!((status, &shown["status"]), (200, &json!("FAILED")));
    let (_, progress) = host.get(&format!("{path}/status"));
    let mut settings = masked();
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[instant]");
    settings.bind(|| insta::assert_json_snapshot!([shown, progress]));

    for below in ["/data/lead/note", "/data/extra/note"] {
        let token = format!(
            "Bearer {}",
            session["credentials"]["access_token"].as_str().unwrap()
        );
        for holder in [KEY, ("authorization", token.as_str())] {
            let (status, problem) = host.call(
                Method::GET,
                &format!("{path}{below}"),
                &[holder],
                &Value::Null,
            );
            assert_eq!(
                (status, &problem["code"]),
                (409, &json!("session_not_open")),
                "{problem:#}"
            );
        }
    }
    let (status, _) = host.get_internal(&format!("/services/lead/internal/demo/export/{tenant}"));
    assert_eq!(status, 409);

    // The host is as good as new, and the failed session can be put away.
    let (status, next) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
    assert_eq!((status, &next["status"]), (200, &json!("READY")));
    let (status, deleted) = host.call(Method::DELETE, &path, &[], &Value::Null);
    assert_eq!((status, &deleted["records_deleted"]), (200, &json!(0)));
}

#[test]
fn a_session_that_was_ready_survives_a_kill() {
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let catalog = Puppets::new().write(&files);
    let host = Host::serve(&catalog, &guests_dir(), data.path());
    let body = json!({"demo_account_type": "show"});
    let (_, session) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
    host.kill();
    let host = Host::serve(&catalog, &guests_dir(), data.path());
    let path = format!(
        "/api/demo/sessions/{}",
        session["session_id"].as_str().unwrap()
    );
    let token = format!(
        "Bearer {}",
        session["credentials"]["access_token"].as_str().unwrap()
    );
    let (status, page) = host.call(
        Method::GET,
        &format!("{path}/data/lead/note"),
        &[("authorization", &token)],
        &Value::Null,
    );
    assert_eq!((status, &page["total"]), (200, &json!(2)), "{page:#}");
}

/// The status of every session in the store, and how many segments there are.
fn stored(data: &TempDir) -> (Vec<String>, i64) {
    let file = data.path().join("levain.db");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let pool = SqlitePool::connect(file.to_str().unwrap()).await.unwrap();
        let sessions = sqlx::query_scalar("SELECT status FROM demo_sessions");
        let segments = sqlx::query_scalar("SELECT count(*) FROM segments");
        (
            sessions.fetch_all(&pool).await.unwrap(),
            segments.fetch_one(&pool).await.unwrap(),
        )
    })
}
