//! What may not serve: refused with the record and the rule, and nothing changes.

use axum::http::Method;
use serde_json::json;

use super::proof::served_by;
use crate::support::{Cycles, Handmade, TestApp, guests_dir, version};

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_that_breaks_a_law_is_refused_with_what_shows_it() {
    let cycles = Cycles::new();
    let app = TestApp::registered(Cycles::hosting(), &cycles.plugins).await;
    let before = app.create("harbour").await.expect(200);
    for (rule, law, shown) in [
        (
            "dangling",
            "[clone] broken_reference",
            "hire.hire#/0/rider_id: [reference]",
        ),
        (
            "unpaid",
            "[clone] invalid_output",
            "hire.hire#/0/paid: [schema]",
        ),
        ("leaky", "[determinism]", "hire.hire: [determinism]"),
        (
            "seasonal",
            "[whole_weeks]",
            "hire.hire#/0/paid: [whole_weeks]",
        ),
        ("panicking", "[clone] trap", "this version panics"),
        (
            "forgetful",
            "[cleanup]",
            "the plan forgot `rider`, 9 records",
        ),
        ("greedy", "[cleanup]", "it plans to delete"),
    ] {
        let refused = app
            .administer(Method::PUT, "/api/plugins/hire", &version(rule))
            .await
            .problem(422, "proof_failed");
        let errors = refused["errors"].as_array().unwrap();
        let told: Vec<&str> = errors
            .iter()
            .map(|error| error["detail"].as_str().unwrap())
            .collect();
        assert!(told[0].contains(law), "{rule}: {told:#?}");
        assert!(
            told[0].starts_with("hire of harbour, told at "),
            "{rule}: {told:#?}"
        );
        assert!(
            told.iter().any(|line| line.contains(shown)),
            "{rule}: {told:#?}"
        );
        assert_eq!(errors[0]["pointer"], "/hire");
    }
    let listed = app
        .administer(Method::GET, "/api/plugins", b"")
        .await
        .expect(200);
    assert_eq!(listed["revision"], 1);
    let after = app.create("harbour").await.expect(200);
    assert_eq!(served_by(&before, "hire"), served_by(&after, "hire"));
    let database = app.database().await;
    assert_eq!(
        database
            .number("SELECT count(*) FROM plugin_components")
            .await,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn candidate_cannot_tell_its_proof_from_a_visit() {
    let cycles = Cycles::new();
    let app = TestApp::registered(Cycles::hosting(), &cycles.plugins).await;
    for rule in ["two-faced", "to-the-second"] {
        let refused = app
            .administer(Method::PUT, "/api/plugins/hire", &version(rule))
            .await
            .problem(422, "proof_failed");
        let told = refused["errors"][0]["detail"].as_str().unwrap();
        assert!(told.contains("[clone] trap"), "{rule}: {told}");
        // What is refused can be repeated: the instant, the tenant, the session, and all of the proof.
        let (before, rest) = told.split_once(" for tenant ").unwrap();
        let (tenant, rest) = rest.split_once(" in session demo_").unwrap();
        let (_, instant) = before.split_once("told at ").unwrap();
        instant.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        tenant.parse::<uuid::Uuid>().unwrap();
        assert!(
            rest.split_once('…')
                .is_some_and(|(name, _)| name.len() == 7),
            "{told}"
        );
        let hint = refused["hint"].as_str().unwrap();
        let (_, seed) = hint.split_once("seed=").unwrap();
        let path = format!("/api/plugins/hire?seed={seed}");
        let again = app
            .administer(Method::PUT, &path, &version(rule))
            .await
            .problem(422, "proof_failed");
        assert_eq!(again["errors"], refused["errors"], "{rule}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_that_is_no_plugin_is_refused_before_it_runs() {
    let cycles = Cycles::new();
    let app = TestApp::registered(Cycles::hosting(), &cycles.plugins).await;
    let hire = version("dearer");
    let looping = Handmade {
        clone: "(loop $again (br $again))",
        ..Handmade::default()
    };
    for (what, component, code, said) in [
        ("nothing", vec![], "plugin_refused", "it is not WebAssembly"),
        (
            "text",
            b"not a component".to_vec(),
            "plugin_refused",
            "it is not WebAssembly",
        ),
        (
            "a module",
            b"\0asm\x01\0\0\0".to_vec(),
            "plugin_refused",
            "it is a core module",
        ),
        (
            "half of it",
            hire[..hire.len() / 2].to_vec(),
            "plugin_refused",
            "it cannot be compiled",
        ),
        (
            "a loop",
            looping.encode(),
            "proof_failed",
            "[clone] timeout",
        ),
    ] {
        let refused = app
            .administer(Method::PUT, "/api/plugins/hire", &component)
            .await
            .problem(422, code);
        assert!(refused.to_string().contains(said), "{what}: {refused:#}");
    }
    // The fleet's component cannot answer for hires.
    let fleet = std::fs::read(guests_dir().join("fleet.wasm")).unwrap();
    let refused = app
        .administer(Method::PUT, "/api/plugins/hire", &fleet)
        .await
        .problem(422, "proof_failed");
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("hire of harbour")
    );

    let put = async |path: &str| app.administer(Method::PUT, path, &hire).await;
    let unknown = put("/api/plugins/hires")
        .await
        .problem(404, "unknown_domain");
    assert_eq!(unknown["hint"], "did you mean `hire`?");
    put("/api/plugins/hire?dry=true")
        .await
        .problem(400, "invalid_request");
    let listed = app
        .administer(Method::GET, "/api/plugins", b"")
        .await
        .expect(200);
    assert_eq!(listed["revision"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_admin_key_opens_the_plugins() {
    let cycles = Cycles::new();
    let app = TestApp::registered(Cycles::hosting(), &cycles.plugins).await;
    app.get("/api/plugins")
        .await
        .problem(401, "admin_key_missing");
    app.get_internal("/api/plugins")
        .await
        .problem(401, "admin_key_missing");
    let wrong = [("x-admin-api-key", "an-admin-key-of-the-tests-012345678")];
    for (method, path) in [
        (Method::GET, "/api/plugins"),
        (Method::GET, "/api/plugins/hire"),
        (Method::PUT, "/api/plugins"),
        (Method::PUT, "/api/plugins/hire"),
        (Method::POST, "/api/plugins/hire/rollback"),
        (Method::POST, "/api/plugins/rollback"),
    ] {
        app.call(method, path, &wrong, &json!({}))
            .await
            .problem(401, "admin_key_wrong");
    }
}
