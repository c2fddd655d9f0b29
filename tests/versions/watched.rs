//! The watch after an activation: a version that behaves in its proof and fails in real sessions is rolled back, by
//! itself and once.

use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::proof::served_by;
use crate::support::{
    ADMIN_KEY, Cycles, Host, INTERNAL_KEY, SIGNING_KEY, Store, TestApp, guests_dir, levain,
    on_postgres, until, version,
};

/// No proof looks so far ahead, and the version `far-sighted` fails there.
const FAR: &str = "2095-03-02T10:00:00.123456Z";
const NEAR: &str = "2026-03-02T10:00:00.123456Z";

/// Creates a session that is told from an instant; its status, as an answer or in a problem.
async fn create(app: &TestApp, instant: &str) -> (u16, Value) {
    let body = json!({"demo_account_type": "harbour", "session_created_at": instant});
    let answer = app.post_internal("/api/demo/sessions", &body).await;
    (answer.status.as_u16(), answer.json())
}

async fn revision(app: &TestApp) -> Value {
    let listed = app.administer(Method::GET, "/api/plugins", b"").await;
    listed.expect(200)["revision"].clone()
}

/// Waits until a revision serves.
async fn until_serving(app: &TestApp, expected: u64) {
    let begun = Instant::now();
    while revision(app).await != expected {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "it does not serve"
        );
        tokio::task::yield_now().await;
    }
}

async fn install(app: &TestApp, domain: &str, component: &[u8]) -> Value {
    let path = format!("/api/plugins/{domain}?by=Ada");
    app.administer(Method::PUT, &path, component)
        .await
        .expect(200)
}

/// The fleet's component under another digest: with a section that says nothing.
fn other_fleet() -> Vec<u8> {
    let mut component = std::fs::read(guests_dir().join("fleet.wasm")).unwrap();
    component.extend_from_slice(b"\x00\x05\x04note");
    component
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_version_is_rolled_back_by_the_watch() {
    let cycles = Cycles::new();
    let app = TestApp::registered(Cycles::hosting(), &cycles.plugins).await;
    let first = create(&app, NEAR).await.1;
    let installed = install(&app, "hire", &version("far-sighted")).await;
    assert_eq!(installed["revision"], 2, "the proof does not see it");
    for _ in 0..5 {
        let (status, session) = create(&app, NEAR).await;
        assert_eq!(
            (status, &session["status"]),
            (200, &json!("READY")),
            "{session:#}"
        );
    }
    for _ in 0..2 {
        assert_eq!(create(&app, FAR).await.0, 502);
    }
    assert_eq!(revision(&app).await, 2, "two failures are not enough");
    assert_eq!(create(&app, FAR).await.0, 502);
    until_serving(&app, 3).await;

    let shown = app
        .administer(Method::GET, "/api/plugins/hire", b"")
        .await
        .expect(200);
    assert_eq!(shown["active"]["cause"], "ROLLBACK", "{shown:#}");
    assert_eq!(
        shown["active"]["made_by"],
        "levain serve, the watch of revision 2"
    );
    assert_eq!(shown["active"]["digest"], served_by(&first, "hire"));
    assert_eq!(shown["earlier"], json!([]));
    let (status, session) = create(&app, FAR).await;
    assert_eq!(
        (status, &session["status"]),
        (200, &json!("READY")),
        "{session:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn watch_goes_back_one_version_and_no_further() {
    // The version before fails as well: it came with the store, which nobody watches.
    let cycles = Cycles::new();
    cycles.write("hire.wasm", &version("far-sighted"));
    let app = TestApp::registered(Cycles::hosting(), &cycles.plugins).await;
    install(&app, "hire", &version("honest-1")).await;
    let mut bytes = version("far-sighted");
    bytes.extend_from_slice(b"\x00\x05\x04note");
    install(&app, "hire", &bytes).await;
    for _ in 0..3 {
        assert_eq!(create(&app, FAR).await.0, 502);
    }
    until_serving(&app, 4).await;
    assert_eq!(create(&app, FAR).await.0, 200, "honest-1 serves");
    let path = "/api/plugins/hire/rollback?by=Ada";
    app.administer(Method::POST, path, b"").await.expect(200);
    for _ in 0..8 {
        assert_eq!(create(&app, FAR).await.0, 502);
    }
    app.sessions.stop(Duration::from_secs(60)).await;
    assert_eq!(
        revision(&app).await,
        5,
        "what an administrator went back to stays"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_other_domains_are_not_blamed_on_a_new_version() {
    let cycles = Cycles::new();
    cycles.write("hire.wasm", &version("far-sighted"));
    let app = TestApp::registered(Cycles::hosting(), &cycles.plugins).await;
    let installed = install(&app, "fleet", &other_fleet()).await;
    assert_eq!(installed["revision"], 2);
    for _ in 0..8 {
        assert_eq!(create(&app, FAR).await.0, 502);
    }
    // A rollback that had begun would end here.
    app.sessions.stop(Duration::from_secs(60)).await;
    assert_eq!(revision(&app).await, 2);
}

#[test]
fn hosts_on_one_store_roll_back_once_and_tell_of_it() {
    let (cycles, data) = (Cycles::new(), TempDir::new().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let store = runtime.block_on(Store::make(data.path()));
    // A file of SQLite is one host's.
    let count = if on_postgres() { 2 } else { 1 };
    let hosts: Vec<Host> = (0..count)
        .map(|number| {
            let own = data.path().join(format!("host-{number}"));
            let flags = [
                ("--database-url", store.url.as_str()),
                ("--creations-per-minute", "0"),
                ("--token-key", SIGNING_KEY),
                ("--receipt-key", SIGNING_KEY),
            ];
            Host::serve_with(&Cycles::catalog(), &cycles.plugins, &own, &flags, &[])
        })
        .collect();
    let file = cycles.put("new.wasm", &version("far-sighted"));
    let named = format!("hire={}", file.display());
    let url = ["--url", &hosts[0].url, "--admin-api-key", ADMIN_KEY];
    let said = levain(&[&["plugin", "install", &named], url.as_slice()].concat());
    assert_eq!(said.code, 0, "{}", said.all());
    let create = |host: &Host| {
        let body = json!({"demo_account_type": "harbour", "session_created_at": FAR});
        let key = [("x-internal-api-key", INTERNAL_KEY)];
        host.call(Method::POST, "/api/demo/sessions", &key, &body).0
    };
    // All of them come to the conclusion at once.
    std::thread::scope(|threads| {
        for host in &hosts {
            for _ in 0..4 {
                threads.spawn(|| create(host));
            }
        }
    });
    let serving = |host: &Host| {
        let key = [("x-admin-api-key", ADMIN_KEY)];
        host.call(Method::GET, "/api/plugins", &key, &Value::Null).1["revision"].clone()
    };
    for host in &hosts {
        until("what was before serves", || {
            (serving(host) == 3).then_some(())
        });
        until("sessions are READY again", || {
            (create(host) == 200).then_some(())
        });
    }
    let said: Vec<String> = hosts.into_iter().map(|host| host.stop().1).collect();
    let told = said.join("\n").matches("and it was rolled back").count();
    assert_eq!(told, 1, "an operator is told once");
    let revisions = "SELECT count(*) FROM plugin_revisions";
    let made = runtime.block_on(async { store.open().await.number(revisions).await });
    assert_eq!(made, 3, "what serves changed once");
}
