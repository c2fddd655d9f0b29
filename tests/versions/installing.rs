//! Versions that come to serve: sessions are wholly of one, and there is a way back.

use std::time::Duration;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::proof::served_by;
use crate::support::{ADMIN_KEY, Cycles, TestApp, guests_dir, version};

async fn install(app: &TestApp, rule: &str) -> Value {
    let path = "/api/plugins/hire?by=Ada";
    app.administer(Method::PUT, path, &version(rule))
        .await
        .expect(200)
}

async fn roll_back(app: &TestApp) -> Value {
    let path = "/api/plugins/hire/rollback?by=Ada";
    app.administer(Method::POST, path, b"").await.expect(200)
}

/// What the bikes cost that are out.
async fn paid(app: &TestApp, session: &Value) -> Vec<f64> {
    let id = session["session_id"].as_str().unwrap();
    let path = format!("/api/demo/sessions/{id}/data/hire/hire?status=OUT");
    let hires = app.get_internal(&path).await.expect(200);
    let hires = hires["records"].as_array().unwrap();
    hires
        .iter()
        .map(|hire| hire["paid"].as_f64().unwrap())
        .collect()
}

async fn receipt(app: &TestApp, session: &Value) -> Value {
    let id = session["session_id"].as_str().unwrap();
    let path = format!("/api/demo/sessions/{id}/receipt");
    app.get(&path).await.expect(200)["receipt"].clone()
}

async fn verified(app: &TestApp, session: &Value) -> bool {
    let id = session["session_id"].as_str().unwrap();
    let path = format!("/api/demo/sessions/{id}/verify");
    app.post_internal(&path, &Value::Null).await.expect(200)["verified"] == true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_wholly_of_the_revision_that_it_began_with() {
    let cycles = Cycles::new();
    let app = TestApp::registered(Cycles::hosting(), &cycles.plugins).await;
    let old = app.create("harbour").await.expect(200);
    let installed = install(&app, "dearer").await;
    assert_eq!(
        (&installed["before"], &installed["revision"]),
        (&json!(1), &json!(2))
    );
    let new = app.create("harbour").await.expect(200);
    let digest = &installed["candidates"][0]["digest"];
    assert_eq!(served_by(&new, "hire"), *digest);
    assert_ne!(served_by(&old, "hire"), *digest);
    assert!(paid(&app, &new).await.iter().all(|paid| *paid >= 20.0));
    assert!(paid(&app, &old).await.iter().all(|paid| *paid < 1000.0));
    let revisions = [receipt(&app, &old).await, receipt(&app, &new).await];
    assert_eq!(
        revisions.map(|receipt| receipt["plugin_revision"].clone()),
        [1, 2]
    );

    // The old one is verified, and repaired, by what made it.
    assert!(verified(&app, &old).await && verified(&app, &new).await);
    let tenant = old["virtual_tenant_id"].as_str().unwrap();
    app.call(
        Method::DELETE,
        &format!("/services/hire/internal/demo/tenant/{tenant}"),
        &[("x-internal-api-key", crate::support::INTERNAL_KEY)],
        &Value::Null,
    )
    .await
    .expect(200);
    let body = json!({
        "base_tenant_id": old["base_tenant_id"], "virtual_tenant_id": tenant,
        "demo_account_type": "harbour", "session_id": old["session_id"],
        "session_created_at": old["session_created_at"],
    });
    let before = paid(&app, &new).await;
    app.post_internal("/services/hire/internal/demo/clone", &body)
        .await
        .expect(200);
    assert_ne!(paid(&app, &old).await, before);
    assert!(verified(&app, &old).await);

    // A reset is a new creation.
    let id = old["session_id"].as_str().unwrap();
    let reset = app
        .post(&format!("/api/demo/sessions/{id}/reset"), &Value::Null)
        .await
        .expect(200);
    assert_eq!(served_by(&reset, "hire"), *digest);
    assert_eq!(receipt(&app, &old).await["plugin_revision"], 2);
    assert!(verified(&app, &old).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_leads_back_and_is_told_of() {
    let cycles = Cycles::new();
    let app = TestApp::registered(Cycles::hosting(), &cycles.plugins).await;
    app.administer(Method::POST, "/api/plugins/hire/rollback", b"")
        .await
        .problem(409, "nothing_before");
    let first = app.create("harbour").await.expect(200);
    install(&app, "dearer").await;
    let second = app.create("harbour").await.expect(200);
    assert_eq!(roll_back(&app).await["revision"], 3);
    let third = app.create("harbour").await.expect(200);
    assert_eq!(served_by(&third, "hire"), served_by(&first, "hire"));
    assert_eq!(paid(&app, &third).await, paid(&app, &first).await);
    // The other one is of the version that was gone back from, and stays so.
    assert!(verified(&app, &second).await);
    app.administer(Method::POST, "/api/plugins/hire/rollback", b"")
        .await
        .problem(409, "nothing_before");

    let shown = app
        .administer(Method::GET, "/api/plugins/hire", b"")
        .await
        .expect(200);
    assert_eq!(shown["health"], "serving");
    assert_eq!(shown["active"]["cause"], "ROLLBACK");
    assert_eq!(shown["active"]["made_by"], "Ada");
    assert_eq!(shown["active"]["revision"], 3);
    assert_eq!(shown["earlier"], json!([]));
    install(&app, "dearer").await;
    let shown = app
        .administer(Method::GET, "/api/plugins/hire", b"")
        .await
        .expect(200);
    assert_eq!(shown["earlier"][0]["digest"], served_by(&first, "hire"));
    let listed = app
        .administer(Method::GET, "/api/plugins", b"")
        .await
        .expect(200);
    assert_eq!(listed["revision"], 4);
    assert_eq!(listed["plugins"][0]["active"]["cause"], "FILL");

    // Sessions of every revision end well.
    for session in [&first, &second, &third] {
        let id = session["session_id"].as_str().unwrap();
        app.delete(&format!("/api/demo/sessions/{id}"))
            .await
            .expect(200);
    }
    let database = app.database().await;
    let audits = "SELECT count(*) FROM demo_cleanup_audit WHERE status = 'SUCCESS'";
    assert_eq!(database.number(audits).await, 3);
    assert_eq!(database.number("SELECT count(*) FROM segments").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_domains_change_together_or_not_at_all() {
    let cycles = Cycles::new();
    let app = TestApp::registered(Cycles::hosting(), &cycles.plugins).await;
    let fleet = std::fs::read(guests_dir().join("fleet.wasm")).unwrap();
    let put = async |hire: &[u8]| {
        let components = json!({"hire": STANDARD.encode(hire), "fleet": STANDARD.encode(&fleet)});
        let headers = [("x-admin-api-key", ADMIN_KEY)];
        let body = json!({"components": components});
        app.call(Method::PUT, "/api/plugins", &headers, &body).await
    };
    put(&version("dangling")).await.problem(422, "proof_failed");
    let installed = put(&version("dearer")).await.expect(200);
    assert_eq!(installed["revision"], 2);
    let domains: Vec<&Value> = installed["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|candidate| &candidate["domain"])
        .collect();
    assert_eq!(domains, ["fleet", "hire"]);

    let headers = [("x-admin-api-key", ADMIN_KEY)];
    let back = async |domains: Value| {
        let body = json!({"domains": domains});
        app.call(Method::POST, "/api/plugins/rollback", &headers, &body)
            .await
    };
    // The fleet's has no other version, so neither goes back.
    back(json!(["hire", "fleet"]))
        .await
        .problem(409, "nothing_before");
    assert_eq!(back(json!(["hire"])).await.expect(200)["revision"], 3);
    back(json!([])).await.problem(400, "invalid_request");
    back(json!("hire")).await.problem(400, "invalid_request");
    let body = json!({"components": {"hire": "no base64!"}});
    app.call(Method::PUT, "/api/plugins", &headers, &body)
        .await
        .problem(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_that_nothing_names_are_collected() {
    let cycles = Cycles::new();
    let app = TestApp::registered(Cycles::hosting(), &cycles.plugins).await;
    let session = app.create("harbour").await.expect(200);
    let database = app.database().await;
    let kept = async || {
        let count = "SELECT count(*) FROM plugin_components";
        // What is collected is collected behind the answer.
        app.sessions.collect_versions().await.unwrap();
        database.number(count).await
    };
    // Every text is another version, whatever it says.
    for number in 1..=6 {
        install(&app, &format!("honest-{number}")).await;
    }
    assert!(verified(&app, &session).await);
    // A session may just have been begun with what was replaced.
    assert_eq!(kept().await, 8);
    app.clock.advance(Duration::from_secs(3 * 3600));
    // The fleet's; the first, which a session is of; the last, and three to go back to.
    assert_eq!(kept().await, 6);
    for _ in 0..3 {
        roll_back(&app).await;
    }
    app.administer(Method::POST, "/api/plugins/hire/rollback", b"")
        .await
        .problem(409, "nothing_before");
    assert!(verified(&app, &app.create("harbour").await.expect(200)).await);
}
