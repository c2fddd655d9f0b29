//! Every way in which a component goes wrong, through the whole host.

use serde_json::Value;

use crate::support::{Puppets, TestApp};

/// How a behaviour must be reported, whichever domain shows it.
pub(super) struct Case {
    pub(super) behaviour: &'static str,
    pub(super) code: &'static str,
    said: &'static str,
}

pub(super) const CASES: &[Case] = &[
    case("panic", "trap", "the puppet was told to panic"),
    case("loop", "timeout", "1500 ms"),
    case("loop-in-prepare", "timeout", "1500 ms"),
    case("loop-logging", "timeout", "1500 ms"),
    case("recurse", "stack_limit", "recursion"),
    case("grow", "memory_limit", "33554432 are allowed"),
    case("fail", "plugin_failed", "the puppet was told to fail"),
    case("giant-output", "memory_limit", "memory"),
    case("many-records", "record_limit", "50000 records"),
    case("million-records", "record_limit", "50000 records"),
    case("foreign-entity", "invalid_output", "letter"),
    case("entity-twice", "invalid_output", "note"),
    case(
        "foreign-tenant",
        "invalid_output",
        "00000000-0000-4000-8000-00000000dead",
    ),
    case(
        "forged-id",
        "invalid_output",
        "00000000-0000-4000-8000-0000000f0f0f",
    ),
    case("id-twice", "invalid_output", "id"),
    case("not-json", "invalid_output", "json"),
    case("truncated-json", "invalid_output", "json"),
    case("not-an-array", "invalid_output", "array"),
    case("not-records", "invalid_output", "object"),
    case("key-twice", "invalid_output", "text"),
    case("nul", "invalid_output", "U+0000"),
    case("lone-surrogate", "invalid_output", "surrogate"),
    case("huge-number", "invalid_output", "number"),
    case("deep", "invalid_output", "deep"),
    case("long-number", "invalid_output", "18002 characters"),
    case("upper-case-id", "invalid_output", "lower case"),
    case("many-keys", "invalid_output", "surprise"),
    case("many-values", "invalid_output", "more than 100000 values"),
    case("long-key", "invalid_output", "kkkk"),
    case("fail-at-length", "plugin_failed", "said"),
    case("panic-at-length", "trap", "said"),
    case("schema", "invalid_output", "weight"),
    case("unknown-field", "invalid_output", "surprise"),
    case(
        "dangling",
        "broken_reference",
        "00000000-0000-4000-8000-0000000f0f0f",
    ),
];

const fn case(behaviour: &'static str, code: &'static str, said: &'static str) -> Case {
    Case {
        behaviour,
        code,
        said,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_optional_domain_that_misbehaves_makes_the_session_partial() {
    for Case {
        behaviour,
        code,
        said,
    } in CASES
    {
        let stage = Puppets::misbehaving("extra", behaviour).load();
        let app = TestApp::over(&stage.hosting).await;
        let session = app.create("show").await.expect(200);
        assert_eq!(session["status"], "PARTIAL", "{behaviour}: {session:#}");
        let services = &session["services"][session["virtual_tenant_id"].as_str().unwrap()];
        assert_eq!(
            services["lead"]["status"], "completed",
            "{behaviour}: {session:#}"
        );
        check_failure(&services["extra"], behaviour, code, said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn misbehaving_required_domain_fails_the_session() {
    for Case {
        behaviour,
        code,
        said,
    } in CASES
    {
        let stage = Puppets::misbehaving("lead", behaviour).load();
        let app = TestApp::over(&stage.hosting).await;
        let problem = app.create("show").await.problem(502, "session_failed");
        let id = problem["session_id"].as_str().unwrap();
        let session = app
            .get(&format!("/api/demo/sessions/{id}"))
            .await
            .expect(200);
        assert_eq!(session["status"], "FAILED", "{behaviour}: {session:#}");
        let services = &session["services"][session["virtual_tenant_id"].as_str().unwrap()];
        check_failure(&services["lead"], behaviour, code, said);
        let database = app.database().await;
        let kept = database.number("SELECT count(*) FROM segments").await;
        assert_eq!(kept, 0, "{behaviour}");
    }
}

fn check_failure(service: &Value, behaviour: &str, code: &str, said: &str) {
    assert_eq!(service["status"], "failed", "{behaviour}: {service:#}");
    assert_eq!(service["error"]["code"], code, "{behaviour}: {service:#}");
    let told = service["error"].to_string();
    assert!(
        told.contains(said),
        "{behaviour} does not say {said:?}: {service:#}"
    );
}
