//! What a candidate would change: told to the record and the field, and nothing besides.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Cycles, TestApp, version};

#[tokio::test(flavor = "multi_thread")]
async fn changed_rule_is_reported_by_field_and_records() {
    let cycles = Cycles::new();
    let app = TestApp::registered(Cycles::hosting(), &cycles.plugins).await;
    let path = "/api/plugins/hire?dry_run=true";
    let told = app
        .administer(Method::PUT, path, &version("dearer"))
        .await
        .expect(200);
    let [entity] = told["difference"].as_array().unwrap().as_slice() else {
        panic!("{told:#}");
    };
    assert_eq!(
        (&entity["domain"], &entity["entity"]),
        (&json!("hire"), &json!("hire"))
    );
    for kind in ["added", "removed"] {
        assert_eq!(
            entity[kind],
            json!({"records": 0, "examples": []}),
            "{entity:#}"
        );
    }
    // Three bikes are out, at every instant: the same three, since a proof has one tenant.
    assert_eq!(entity["changed"], 3, "{entity:#}");
    let fields = entity["fields"].as_object().unwrap();
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["paid"]);
    assert_eq!(fields["paid"]["records"], 3);
    let example = &fields["paid"]["examples"][0];
    let (before, after) = (&example["before"], &example["after"]);
    assert_eq!(format!("2{before}"), after.to_string(), "{example:#}");
    assert_eq!(entity["spelt_otherwise"], 0);
    // A digit more for each of them, at each of the twenty instants.
    let [before, after] =
        ["before", "after"].map(|version| entity["stored_bytes"][version].as_u64().unwrap());
    assert_eq!(after, before + 3 * 20, "{entity:#}");

    let proof = &told["proof"];
    assert_eq!(proof["accounts"], json!(["harbour"]));
    // Sixteen of the catalog, and four that were drawn.
    assert_eq!(proof["instants"], 20);
    assert_eq!(proof["drawn"].as_array().unwrap().len(), 4);
    // Twenty clones, checked, of 39 records; each once more, and three plans; four of the laws.
    assert_eq!(proof["records"], 20 * 39);
    assert!(proof["calls"].as_u64().unwrap() > 20 * 5, "{proof:#}");
    let candidate = &told["candidates"][0];
    assert_eq!(candidate["new_imports"], json!([]));
    assert_eq!(candidate["wit_version"], "0.1.0");
    for cost in ["cost", "cost_before"] {
        assert!(candidate[cost]["clone_ms"].as_f64().unwrap() > 0.0);
        assert!(candidate[cost]["peak_memory_bytes"].as_u64().unwrap() > 65_535);
    }

    // It was only looked at.
    assert_eq!((&told["before"], &told["revision"]), (&json!(1), &json!(1)));
    assert_eq!(told["dry_run"], true);
    let session = app.create("harbour").await.expect(200);
    assert_eq!(
        served_by(&session, "hire"),
        previous(&told),
        "what served serves on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_serves_already_changes_nothing() {
    let cycles = Cycles::new();
    let app = TestApp::registered(Cycles::hosting(), &cycles.plugins).await;
    let same = version("as-before");
    let told = app
        .administer(Method::PUT, "/api/plugins/hire", &same)
        .await
        .expect(200);
    assert_eq!(told["difference"], json!([]));
    assert_eq!((&told["before"], &told["revision"]), (&json!(1), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn proof_is_another_each_time_and_the_same_with_its_seed() {
    let cycles = Cycles::new();
    let app = TestApp::registered(Cycles::hosting(), &cycles.plugins).await;
    let prove = async |seed: &str| {
        let path = format!("/api/plugins/hire?dry_run=true{seed}");
        let told = app
            .administer(Method::PUT, &path, &version("dearer"))
            .await
            .expect(200);
        let example = told["difference"][0]["fields"]["paid"]["examples"][0]["id"].clone();
        let proof = &told["proof"];
        (proof["seed"].clone(), proof["drawn"].clone(), example)
    };
    let (first, second) = (prove("").await, prove("").await);
    assert!(first.0 != second.0 && first.1 != second.1, "{first:?}");
    // An id derives from its tenant.
    assert_ne!(first.2, second.2, "the tenant is another");
    let again = prove(&format!("&seed={}", first.0.as_str().unwrap())).await;
    assert_eq!(again, first);
    app.administer(
        Method::PUT,
        "/api/plugins/hire?dry_run=true&seed=00",
        &version("dearer"),
    )
    .await
    .problem(400, "invalid_request");
}

/// The digest of the component that made a domain of a session.
pub fn served_by(session: &Value, domain: &str) -> Value {
    let tenant = session["virtual_tenant_id"].as_str().unwrap();
    session["services"][tenant][domain]["plugin_version"].clone()
}

fn previous(told: &Value) -> Value {
    told["candidates"][0]["previous"].clone()
}
