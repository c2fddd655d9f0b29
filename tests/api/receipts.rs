//! Receipts: what a session was made of, that it can be made again, and that it shows where it cannot.

use axum::http::Method;
use levain::receipts::{PublicKey, Receipt};
use levain_model::sha256_hex;
use serde_json::{Value, json};

use super::visit::{asked, delete, path, read, tenant};
use crate::support::{Answer, INTERNAL_KEY, Puppets, TestApp};

/// The session's receipt, as it proves to be.
async fn receipt(app: &TestApp, session: &Value) -> Receipt {
    let key = app.get("/api/demo/receipt-key").await.expect(200);
    let key: PublicKey = key["public_key"].as_str().unwrap().parse().unwrap();
    let answer = app.get(&path(session, "/receipt")).await;
    answer.expect(200);
    key.open(&answer.text).unwrap()
}

async fn verify(app: &TestApp, session: &Value) -> Answer {
    let key = [("x-internal-api-key", INTERNAL_KEY)];
    app.call(Method::POST, &path(session, "/verify"), &key, &Value::Null)
        .await
}

/// Everything that is stored is as the receipt says, and nothing else is.
async fn tells_of_what_is_stored(app: &TestApp, receipt: &Receipt) {
    let database = app.database().await;
    for tenant in &receipt.tenants {
        let of_tenant = format!("WHERE tenant_id = '{}'", tenant.tenant_id);
        let count = format!("SELECT count(*) FROM segments {of_tenant}");
        let count = database.number(&count).await;
        assert_eq!(usize::try_from(count).unwrap(), tenant.segments.len());
        for segment in &tenant.segments {
            let named = format!(
                "{of_tenant} AND domain = '{}' AND entity = '{}' AND part = '{}'",
                segment.domain, segment.entity, segment.part
            );
            let rows = database
                .texts(&format!("SELECT rows FROM segments {named}"))
                .await;
            let [rows] = rows.as_slice() else {
                panic!("{segment:?} is stored {} times", rows.len());
            };
            assert_eq!(sha256_hex(rows.as_bytes()), segment.sha256, "{segment:?}");
            assert_eq!(rows.len() as u64, segment.bytes, "{segment:?}");
            let records: Vec<Value> = serde_json::from_str(rows).unwrap();
            assert_eq!(records.len(), segment.records as usize, "{segment:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_tells_what_every_session_was_made_of() {
    let app = TestApp::bakery().await;
    for account in ["professional", "enterprise"] {
        let session = app.create(account).await.expect(200);
        let receipt = receipt(&app, &session).await;
        tells_of_what_is_stored(&app, &receipt).await;
        let id = session["session_id"].as_str().unwrap();
        assert_eq!(receipt.session_digest, sha256_hex(id.as_bytes()));
        assert_eq!(receipt.account, account);
        assert_eq!(receipt.catalog_digest, app.sessions.catalog().digest());
        assert_eq!(
            json!(receipt.session_created_at),
            session["session_created_at"]
        );
        assert_eq!(receipt.epoch, 1);
        let own = &receipt.tenants[0];
        assert_eq!(own.tenant_id.to_string(), tenant(&session));
        let services = session["services"][tenant(&session)].as_object().unwrap();
        for (domain, service) in services {
            let mut calls = own.calls.iter();
            let call = calls
                .find(|call| call.domain == *domain && call.trigger.is_none())
                .unwrap();
            assert_eq!(
                json!(call.component_digest),
                service["plugin_version"],
                "{domain}"
            );
            assert_eq!(
                json!(call.fixture_digest),
                service["fixture_digest"],
                "{domain}"
            );
            assert!(call.peak_memory_bytes > Some(0), "{domain}");
        }
        let verified = verify(&app, &session).await.expect(200);
        let segments: usize = receipt
            .tenants
            .iter()
            .map(|tenant| tenant.segments.len())
            .sum();
        assert_eq!(
            verified,
            json!({"verified": true, "segments": segments, "differences": []})
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_that_was_altered_is_named() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    let database = app.database().await;
    let of = |domain: &str, entity: &str| {
        let tenant = tenant(&session);
        format!("WHERE tenant_id = '{tenant}' AND domain = '{domain}' AND entity = '{entity}'")
    };
    // One digit of one amount.
    let batch = of("production", "batch");
    let rows = database
        .texts(&format!("SELECT rows FROM segments {batch}"))
        .await;
    let offset = rows[0].rfind('4').unwrap();
    let altered = format!(
        "UPDATE segments SET rows = substr(rows, 1, {before}) || '5' || substr(rows, {after}) {batch}",
        before = rows[0][..offset].chars().count(),
        after = rows[0][..offset].chars().count() + 2,
    );
    assert_eq!(database.execute(&altered).await, 1);
    let found = verify(&app, &session).await.expect(200);
    assert_eq!(found["verified"], false);
    let difference = json!({
        "tenant_id": tenant(&session), "domain": "production", "entity": "batch", "part": "",
        "verdict": "differs", "offset": offset,
    });
    assert_eq!(found["differences"], json!([difference]));

    // One that went, and one that nobody made.
    let users = of("auth", "user");
    assert_eq!(
        database
            .execute(&format!("DELETE FROM segments {users}"))
            .await,
        1
    );
    let alerts = of("alert_processor", "alert");
    let moved = format!("UPDATE segments SET part = 'nobody' {alerts} AND part = 'stock-alerts'");
    assert_eq!(database.execute(&moved).await, 1);
    let found = verify(&app, &session).await.expect(200);
    let told: Vec<(&str, &str, &str)> = found["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap();
            (text("domain"), text("part"), text("verdict"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("alert_processor", "nobody", "unexpected"),
            ("alert_processor", "stock-alerts", "missing"),
            ("auth", "", "missing"),
            ("production", "", "differs"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_tells_of_something_else_is_noticed() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    let told = receipt(&app, &session).await;
    let note = &told.tenants[0].segments[1];
    let exchanged = format!(
        "UPDATE demo_receipts SET receipt = replace(receipt, '{}', '{}')",
        note.sha256,
        "0".repeat(64)
    );
    assert_eq!(app.database().await.execute(&exchanged).await, 1);
    let found = verify(&app, &session).await.expect(200);
    assert_eq!(found["verified"], false, "{found:#}");
    let differences = found["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 1, "{found:#}");
    assert_eq!(differences[0]["domain"], note.domain);
    assert_eq!(differences[0]["verdict"], "not_of_receipt");
    // Whoever has the key sees it without the host.
    let key = app.get("/api/demo/receipt-key").await.expect(200);
    let key: PublicKey = key["public_key"].as_str().unwrap().parse().unwrap();
    let changed = app.get(&path(&session, "/receipt")).await.text;
    assert!(key.open(&changed).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_follows_what_the_session_goes_through() {
    let app = TestApp::over(&Puppets::triggering("extra", "honest").load().hosting).await;
    let session = app.create("show").await.expect(200);
    let mut epoch = 1;
    let mut sound = async |what: &str| {
        let receipt = receipt(&app, &session).await;
        tells_of_what_is_stored(&app, &receipt).await;
        assert_eq!(receipt.epoch, epoch, "{what}");
        epoch += 1;
        let verified = verify(&app, &session).await.expect(200);
        assert_eq!(verified["verified"], true, "{what}: {verified:#}");
        receipt
    };
    let first = sound("created").await;
    let body = json!({"virtual_tenant_id": tenant(&session)});
    app.post_internal("/services/lead/internal/notes/trigger", &body)
        .await
        .expect(200);
    let again = sound("a trigger ran again").await;
    assert_eq!(again.tenants[0].segments, first.tenants[0].segments);

    delete(&app, "extra", tenant(&session)).await.expect(200);
    let partial = sound("a domain was deleted").await;
    assert!(
        partial.tenants[0]
            .segments
            .iter()
            .all(|segment| segment.domain != "extra")
    );

    app.post_internal("/services/extra/internal/demo/clone", &asked(&session))
        .await
        .expect(200);
    let repaired = sound("a domain was cloned again").await;
    assert_eq!(repaired.tenants[0].segments, first.tenants[0].segments);

    app.call(Method::POST, &path(&session, "/reset"), &[], &Value::Null)
        .await
        .expect(200);
    sound("it was reset").await;

    // The proof outlives the data.
    app.delete(&path(&session, "")).await.expect(200);
    let last = receipt(&app, &session).await;
    assert_eq!(last.epoch, 5);
    verify(&app, &session)
        .await
        .problem(410, "session_destroyed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_made_has_no_receipt_and_what_is_partial_has_one() {
    let stage = Puppets::misbehaving("lead", "panic").load();
    let app = TestApp::over(&stage.hosting).await;
    let failed = app.create("show").await.problem(502, "session_failed");
    app.get(&path(&failed, "/receipt"))
        .await
        .problem(404, "no_receipt");
    verify(&app, &failed).await.problem(409, "session_not_open");
    app.get("/api/demo/sessions/demo_nobody/receipt")
        .await
        .problem(404, "session_not_found");

    let stage = Puppets::misbehaving("extra", "panic").load();
    let app = TestApp::over(&stage.hosting).await;
    let partial = app.create("show").await.expect(200);
    assert_eq!(partial["status"], "PARTIAL");
    let told = receipt(&app, &partial).await;
    assert_eq!(told.tenants[0].calls.len(), 1);
    assert_eq!(verify(&app, &partial).await.expect(200)["verified"], true);
    // Without the key nobody has the host work.
    app.call(Method::POST, &path(&partial, "/verify"), &[], &Value::Null)
        .await
        .problem(401, "internal_key_missing");
    read(&app, &partial, "lead/note").await.expect(200);
}
