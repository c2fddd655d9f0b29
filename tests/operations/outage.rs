//! Redis that is gone, or says nothing, costs a warning and a metric, and no session.

use std::net::TcpListener;

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::redis_server::{self, RedisServer};
use crate::support::{Host, Puppets, Relay, guests_dir, until};

const WARNING: &str = "sessions go on without their mirror";

fn session(host: &Host) -> Value {
    let body = json!({"demo_account_type": "show"});
    let (status, session) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
    assert_eq!((status, &session["status"]), (200, &json!("READY")));
    session
}

fn delete(host: &Host, session: &Value) {
    let path = format!(
        "/api/demo/sessions/{}",
        session["session_id"].as_str().unwrap()
    );
    let (status, deleted) = host.call(Method::DELETE, &path, &[], &Value::Null);
    assert_eq!((status, &deleted["status"]), (200, &json!("DESTROYED")));
}

/// Sessions come and go without it; one warning tells of it, and the stop is not held up.
fn without_redis(url: &str) {
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let catalog = Puppets::new().write(&files);
    let flags = [("--redis-url", url)];
    let host = Host::serve_with(&catalog, &guests_dir(), data.path(), &flags, &[]);
    let sessions: Vec<Value> = (0..3).map(|_| session(&host)).collect();
    delete(&host, &sessions[0]);
    until("it is tried more than once", || {
        (host.metrics().value("levain_mirror_errors_total") >= 2.0).then_some(())
    });
    // The deletion has taken the place of the first session's state.
    until("all that failed waits again", || {
        (host.metrics().value("levain_mirror_backlog") == 3.0).then_some(())
    });
    let done = "levain_mirror_changes_total{status=\"SUCCESS\"}";
    assert_eq!(host.metrics().value(done), 0.0);
    let (code, said) = host.stop();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches(WARNING).count(), 1, "{said}");
    assert!(!said.contains("pass-word"), "{said}");
}

#[test]
fn a_redis_that_is_not_there_costs_one_warning() {
    // A port that was just free; nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    without_redis(&format!("redis://:pass-word@127.0.0.1:{port}"));
}

#[test]
fn a_redis_that_says_nothing_costs_one_warning() {
    // The system takes connections for it; nobody ever reads them.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    without_redis(&format!(
        "redis://:pass-word@{}",
        mute.local_addr().unwrap()
    ));
}

#[test]
fn what_could_not_be_deleted_is_deleted_when_redis_is_back() {
    let Some(mut redis) = RedisServer::find() else {
        return;
    };
    let relay = Relay::to(redis_server::address());
    relay.open();
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let catalog = Puppets::new().write(&files);
    let (url, prefix) = (format!("redis://{}", relay.address), redis.prefix.clone());
    let flags = [
        ("--redis-url", url.as_str()),
        ("--redis-key-prefix", &prefix),
    ];
    let host = Host::serve_with(&catalog, &guests_dir(), data.path(), &flags, &[]);
    let session = session(&host);
    let key = format!("{prefix}:{}", session["session_id"].as_str().unwrap());
    let cached = format!(
        "{prefix}:{}:x",
        session["virtual_tenant_id"].as_str().unwrap()
    );
    until("the session is in Redis", || redis.get(&key));
    redis.set(&cached, "kept");

    relay.close();
    delete(&host, &session);
    until("it was tried in vain", || {
        (host.metrics().value("levain_mirror_errors_total") >= 2.0).then_some(())
    });
    assert!(redis.exists(&key) && redis.exists(&cached));
    relay.open();
    until("nothing of it is left", || {
        (!redis.exists(&key) && !redis.exists(&cached)).then_some(())
    });
    let (code, said) = host.stop();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches(WARNING).count(), 1, "{said}");
    assert_eq!(said.matches("Redis answers again").count(), 1, "{said}");
}
