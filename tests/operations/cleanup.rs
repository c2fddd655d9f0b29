//! A cleanup that keeps failing is tried, audited, given up, and told to whoever must see to it.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;

use crate::support::{Database, Host, Puppets, Received, Receiver, Store, guests_dir, until};

/// Of the Standard Webhooks convention's own examples.
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Makes the store refuse to delete what a tenant holds.
async fn refuse_deletion(database: &Database, tenant: &str) {
    match database {
        Database::Sqlite(_) => {
            let refusal = format!(
                "CREATE TRIGGER refusal BEFORE DELETE ON segments WHEN OLD.tenant_id = '{tenant}' \
                 BEGIN SELECT RAISE(ABORT, 'the store was told to refuse'); END"
            );
            database.execute(&refusal).await;
        }
        Database::Postgres(_) => {
            database
                .execute(
                    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
                     $$ BEGIN RAISE EXCEPTION 'the store was told to refuse'; END $$",
                )
                .await;
            let refusal = format!(
                "CREATE TRIGGER refusal BEFORE DELETE ON segments FOR EACH ROW \
                 WHEN (OLD.tenant_id = '{tenant}') EXECUTE FUNCTION refuse()"
            );
            database.execute(&refusal).await;
        }
    }
}

/// Checks a message as its receiver does, and answers its body.
fn verified(message: &Received) -> Value {
    let (id, timestamp) = (
        &message.headers["webhook-id"],
        &message.headers["webhook-timestamp"],
    );
    assert_eq!(message.line, "POST /hook");
    assert_eq!(message.headers["content-type"], "application/json");
    assert!(timestamp.parse::<i64>().is_ok(), "{timestamp}");
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(SECRET).unwrap()).unwrap();
    mac.update(
        [id.as_bytes(), b".", timestamp.as_bytes(), b"."]
            .concat()
            .as_slice(),
    );
    mac.update(&message.body);
    let signature = message.headers["webhook-signature"]
        .strip_prefix("v1,")
        .unwrap();
    mac.verify_slice(&STANDARD.decode(signature).unwrap())
        .unwrap();
    serde_json::from_slice(&message.body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cleanup_that_keeps_failing_is_told_to_the_operator() {
    // The first message is not taken at once.
    let receiver = Receiver::answering(&[500]);
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = Store::make(data.path()).await;
    let catalog = Puppets::new().write(&files);
    let url = format!("{}/hook", receiver.url);
    let secret = format!("whsec_{SECRET}");
    let flags = [
        ("--database-url", store.url.as_str()),
        // A cleanup is tried again when its lease has run out.
        ("--lease-seconds", "2"),
    ];
    let variables = [
        ("LEVAIN_WEBHOOK_URL", url.as_str()),
        ("LEVAIN_WEBHOOK_SECRET", secret.as_str()),
    ];
    let host = Host::serve_with(&catalog, &guests_dir(), data.path(), &flags, &variables);
    let body = json!({"demo_account_type": "show"});
    let (_, session) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
    let (_, other) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
    let tenant = session["virtual_tenant_id"].as_str().unwrap();
    let id = session["session_id"].as_str().unwrap();
    let database = store.open().await;
    refuse_deletion(&database, tenant).await;

    let path = |session: &Value| {
        format!(
            "/api/demo/sessions/{}",
            session["session_id"].as_str().unwrap()
        )
    };
    let (status, refused) = host.call(Method::DELETE, &path(&session), &[], &Value::Null);
    assert!(status >= 500, "{status} {refused:#}");
    assert!(!refused.to_string().contains("refuse"), "{refused:#}");
    assert_eq!(
        host.call(Method::DELETE, &path(&other), &[], &Value::Null)
            .0,
        200
    );

    let given_up = until("the operator is told that it was given up", || {
        let messages = receiver.received();
        messages
            .iter()
            .map(verified)
            .find(|body| body["type"] == "cleanup.given_up")
    });
    let told = &given_up["data"];
    assert_eq!(told["failures"], 4, "{given_up:#}");
    assert!(told["session"].as_str().unwrap().starts_with(&id[..12]));
    assert!(!given_up.to_string().contains(id), "{given_up:#}");
    assert!(
        told["reason"]
            .as_str()
            .unwrap()
            .contains("the store was told to refuse"),
        "{given_up:#}"
    );
    // The message that was not taken came again: the same one, signed anew.
    let messages = receiver.received();
    let ids: Vec<&String> = messages
        .iter()
        .map(|message| &message.headers["webhook-id"])
        .collect();
    assert_eq!(ids[0], ids[1]);
    assert_eq!(messages[0].body, messages[1].body);
    assert_eq!(ids.iter().filter(|id| **id == ids[0]).count(), 2);

    // Each failure has its audit, and the session is where it was.
    let of_it =
        |what: &str, column: &str| format!("SELECT {what} FROM {column} WHERE session_id = '{id}'");
    let statuses = database.texts(&of_it("status", "demo_cleanup_audit")).await;
    assert_eq!(statuses, ["FAILED"; 4]);
    let retries = of_it("cleanup_retry_count", "demo_sessions");
    assert_eq!(
        database
            .number(&format!("SELECT CAST(({retries}) AS bigint)"))
            .await,
        4
    );
    let held = format!("SELECT count(*) FROM segments WHERE tenant_id = '{tenant}'");
    assert!(database.number(&held).await > 0);
    let metrics = until("it is counted as pending", || {
        let metrics = host.metrics();
        (metrics.get("demo_sessions_pending_cleanup") == Some(1.0)).then_some(metrics)
    });
    for (series, value) in [
        // The caller's own try, and those of the host.
        (
            "demo_sessions_deleted_total{tier=\"show\",status=\"FAILED\"}",
            5.0,
        ),
        (
            "demo_sessions_deleted_total{tier=\"show\",status=\"PARTIAL\"}",
            1.0,
        ),
        (
            "levain_operator_notices_total{type=\"cleanup.given_up\"}",
            1.0,
        ),
        ("levain_operator_notices_total{type=\"sweep.failed\"}", 4.0),
    ] {
        assert_eq!(metrics.value(series), value, "{series}");
    }

    // Once it is mended, whoever asks for it ends it.
    database
        .execute(match &database {
            Database::Sqlite(_) => "DROP TRIGGER refusal",
            Database::Postgres(_) => "DROP TRIGGER refusal ON segments",
        })
        .await;
    assert_eq!(
        host.call(Method::DELETE, &path(&session), &[], &Value::Null)
            .0,
        200
    );
    assert_eq!(database.number(&held).await, 0);
    until("nothing is pending", || {
        (host.metrics().get("demo_sessions_pending_cleanup") == Some(0.0)).then_some(())
    });
    let (code, said) = host.stop();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        said.matches("operator notice: a session's data").count(),
        1,
        "{said}"
    );
}
