//! A version that comes to serve while sessions are created without a pause, on one host and on two.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{ADMIN_KEY, Cycles, Host, SIGNING_KEY, Store, levain, on_postgres, version};

#[test]
fn no_session_fails_or_mixes_versions_under_load() {
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
    let file = cycles.put("new.wasm", &version("dearer"));
    let named = format!("hire={}", file.display());
    // By turns: what one host was told of, the other one serves.
    let plugin = |host: &Host, arguments: &[&str]| {
        let url = ["--url", &host.url, "--admin-api-key", ADMIN_KEY];
        let said = levain(&[&["plugin"], arguments, url.as_slice()].concat());
        assert_eq!(said.code, 0, "{}", said.all());
    };
    let made: Mutex<Vec<Value>> = Mutex::default();
    let over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        for client in 0..3 {
            let (hosts, made, over) = (&hosts, &made, &over);
            threads.spawn(move || {
                for turn in client.. {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    let host = &hosts[turn % hosts.len()];
                    let body = json!({"demo_account_type": "harbour"});
                    let (status, session) =
                        host.call(Method::POST, "/api/demo/sessions", &[], &body);
                    assert_eq!(
                        (status, &session["status"]),
                        (200, &json!("READY")),
                        "{session:#}"
                    );
                    made.lock().unwrap().push(session);
                }
            });
        }
        let create = |host: &Host| {
            let body = json!({"demo_account_type": "harbour"});
            let (_, session) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
            super::proof::served_by(&session, "hire")
        };
        let [first, last] = [&hosts[0], &hosts[count - 1]];
        let before = create(last);
        plugin(first, &["install", &named]);
        let after = create(last);
        assert_ne!(
            before, after,
            "the new version serves everywhere, from the answer on"
        );
        plugin(last, &["rollback", "hire"]);
        assert_eq!(create(first), before, "and so does the old one again");
        over.store(true, Ordering::Relaxed);
    });

    // What each was made of, its receipt says.
    let mut digests: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let made = made.into_inner().unwrap();
    for session in &made {
        let id = session["session_id"].as_str().unwrap();
        let (status, sealed) = hosts[0].get(&format!("/api/demo/sessions/{id}/receipt"));
        assert_eq!(status, 200, "{sealed:#}");
        let receipt = &sealed["receipt"];
        let calls = receipt["tenants"][0]["calls"].as_array().unwrap();
        let hire = calls.iter().find(|call| call["domain"] == "hire").unwrap();
        let revision = receipt["plugin_revision"].as_u64().unwrap();
        let digest = hire["component_digest"].as_str().unwrap().to_owned();
        digests.entry(revision).or_default().push(digest);
        let paid = hosts[0]
            .get_internal(&format!(
                "/api/demo/sessions/{id}/data/hire/hire?status=OUT"
            ))
            .1;
        let paid = paid["records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hire| hire["paid"].as_f64().unwrap());
        let dearer = paid.map(|paid| paid > 100.0).collect::<Vec<_>>();
        assert!(
            dearer.iter().all(|dear| *dear == (revision == 2)),
            "revision {revision}: {dearer:?}"
        );
    }
    for (revision, digests) in &digests {
        assert!(
            digests.iter().all(|digest| *digest == digests[0]),
            "revision {revision}"
        );
    }
    assert!(made.len() > 10, "{} sessions are no load", made.len());
    assert!(digests.contains_key(&1), "{:?}", digests.keys());
    for host in hosts {
        host.stop();
    }
}
