//! Sessions in Redis: written with their end, and gone with all keys of their tenants.

use std::time::Duration;

use axum::http::Method;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::redis_server::{self, RedisServer};
use crate::support::{Host, Puppets, TestApp, bakery, guests_dir, until};

#[test]
fn session_is_mirrored_until_it_ends() {
    let Some(mut redis) = RedisServer::find() else {
        return;
    };
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let catalog = Puppets::new().write(&files);
    let variables = [
        ("REDIS_URL", redis_server::url()),
        ("REDIS_KEY_PREFIX", redis.prefix.clone()),
    ];
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let host = Host::serve_with(&catalog, &guests_dir(), data.path(), &[], &variables);
    let body = json!({"demo_account_type": "show"});
    let (_, session) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
    let id = session["session_id"].as_str().unwrap();
    let tenant = session["virtual_tenant_id"].as_str().unwrap();
    let key = format!("{}:{id}", redis.prefix);

    let state = until("the session is in Redis", || redis.get(&key));
    let state: Value = serde_json::from_str(&state).unwrap();
    for field in [
        "session_id",
        "demo_account_type",
        "status",
        "virtual_tenant_id",
        "base_tenant_id",
        "created_at",
        "expires_at",
    ] {
        assert!(!state[field].is_null(), "{field}: {state:#}");
        assert_eq!(state[field], session[field], "{field}");
    }
    let token = session["credentials"]["access_token"].as_str().unwrap();
    assert!(!state.to_string().contains(token));
    let expires_at: DateTime<Utc> = session["expires_at"].as_str().unwrap().parse().unwrap();
    let left = expires_at.timestamp_millis() - now_ms();
    let ttl = redis.ends_in_ms(&key);
    assert!((left - ttl).abs() < 5000, "{ttl} of {left}");

    // What the product's services keep of the tenant, in more pages than one, and of others.
    let prefix = redis.prefix.clone();
    let other = Uuid::new_v4();
    let theirs: Vec<String> = (0..2500)
        .map(|n| format!("{prefix}-cache:{tenant}:page:{n}"))
        .chain([format!("{prefix}:{tenant}"), format!("{prefix}:{tenant}:x")])
        .collect();
    let foreign = [
        format!("{prefix}-cache:{other}:page"),
        format!("{prefix}-cache:{tenant}"),
        format!("{prefix}:{other}"),
    ];
    for key in theirs.iter().chain(&foreign) {
        redis.set(key, "kept");
    }
    let path = format!("/api/demo/sessions/{id}");
    assert_eq!(host.call(Method::DELETE, &path, &[], &Value::Null).0, 200);
    until("its keys are gone", || {
        let any = std::iter::once(&key)
            .chain(&theirs)
            .any(|key| redis.exists(key));
        (!any).then_some(())
    });
    for key in &foreign {
        assert!(redis.exists(key), "{key} was another's");
        redis.delete(key);
    }
    let done = "levain_mirror_changes_total{status=\"SUCCESS\"}";
    until("both changes are counted", || {
        (host.metrics().value(done) == 2.0).then_some(())
    });
    assert_eq!(host.metrics().value("levain_mirror_backlog"), 0.0);
    assert_eq!(host.metrics().value("levain_mirror_errors_total"), 0.0);
}

#[expect(
    clippy::disallowed_methods,
    reason = "Redis goes by the machine's clock"
)]
fn now_ms() -> i64 {
    Utc::now().timestamp_millis()
}

#[test]
fn what_became_of_sessions_just_before_a_stop_is_still_mirrored() {
    let Some(mut redis) = RedisServer::find() else {
        return;
    };
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let catalog = Puppets::new().write(&files);
    let (url, prefix) = (redis_server::url(), redis.prefix.clone());
    let flags = [
        ("--redis-url", url.as_str()),
        ("--redis-key-prefix", &prefix),
    ];
    let host = Host::serve_with(&catalog, &guests_dir(), data.path(), &flags, &[]);
    let body = json!({"demo_account_type": "show"});
    let (_, session) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
    let (code, said) = host.stop();
    assert_eq!(code, Some(0), "{said}");
    let key = format!("{prefix}:{}", session["session_id"].as_str().unwrap());
    assert!(redis.exists(&key), "{said}");
    redis.delete(&key);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_mirrored_with_outlets_and_ttl() {
    let Some(mut redis) = RedisServer::find() else {
        return;
    };
    let (url, prefix) = (redis_server::url(), redis.prefix.clone());
    let settings = [
        ("redis_url", url.as_str()),
        ("redis_key_prefix", &prefix),
        ("redis_session_ttl", "600"),
    ];
    let app = TestApp::with(bakery(), &settings).await;
    let session = app.create("enterprise").await.expect(200);
    let id = session["session_id"].as_str().unwrap();
    let key = format!("{prefix}:{id}");
    let state = until("the session is in Redis", || redis.get(&key));
    let state: Value = serde_json::from_str(&state).unwrap();
    let outlets = |of: &Value| -> Vec<Value> {
        let children = of["children"].as_array().unwrap().iter();
        children
            .map(|child| child["virtual_tenant_id"].clone())
            .collect()
    };
    assert_eq!(outlets(&state).len(), 3);
    assert_eq!(outlets(&state), outlets(&session));
    let ttl = redis.ends_in_ms(&key);
    assert!((590_000..=600_000).contains(&ttl), "{ttl}");

    let extended = app.sessions.extend(id).await.unwrap();
    until("the extension is in Redis", || {
        let state: Value = serde_json::from_str(&redis.get(&key)?).unwrap();
        (state["extensions"] == 1 && state["expires_at"] == json!(extended.expires_at))
            .then_some(())
    });
    app.clock.advance(Duration::from_secs(60));
    let renewed = app.sessions.reset(id).await.unwrap();
    until("the reset is in Redis", || {
        let state: Value = serde_json::from_str(&redis.get(&key)?).unwrap();
        (state["session_created_at"] == json!(renewed.session_created_at)).then_some(())
    });

    // Keys of an outlet go as those of the head do.
    let cached = format!("{prefix}-x:{}:y", outlets(&state)[1].as_str().unwrap());
    redis.set(&cached, "kept");
    app.delete(&format!("/api/demo/sessions/{id}"))
        .await
        .expect(200);
    until("nothing of it is left", || {
        (!redis.exists(&cached) && !redis.exists(&key)).then_some(())
    });
}
