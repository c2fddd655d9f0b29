//! What becomes of triggers when something is missing, switched off, cloned again or told to run again.

use serde_json::{Value, json};

use super::visit::{asked, delete, get, id, path, tenant};
use crate::support::{Answer, Puppets, TestApp, bakery, masked};

/// The status of a trigger of the session's own tenant.
fn status<'s>(session: &'s Value, trigger: &str) -> &'s str {
    session["triggers"][tenant(session)][trigger]["status"]
        .as_str()
        .unwrap()
}

async fn shown(app: &TestApp, session: &Value) -> Value {
    app.get(&path(session, "")).await.expect(200)
}

async fn run(app: &TestApp, domain: &str, trigger: &str, tenant: &str) -> Answer {
    let path = format!("/services/{domain}/internal/{trigger}/trigger");
    app.post_internal(&path, &json!({"virtual_tenant_id": tenant}))
        .await
}

async fn clone_again(app: &TestApp, domain: &str, session: &Value) -> Answer {
    let path = format!("/services/{domain}/internal/demo/clone");
    app.post_internal(&path, &asked(session)).await
}

async fn export(app: &TestApp, domain: &str, tenant: &str) -> String {
    let answer = app
        .get_internal(&format!("/services/{domain}/internal/demo/export/{tenant}"))
        .await;
    answer.expect(200);
    answer.text
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_again_gives_the_same_bytes() {
    let app = TestApp::over(&Puppets::triggering("extra", "honest").load().hosting).await;
    let session = app.create("show").await.expect(200);
    let before = (
        export(&app, "raised", tenant(&session)).await,
        export(&app, "counted", tenant(&session)).await,
    );
    let answer = run(&app, "lead", "notes", tenant(&session)).await;
    masked().bind(|| insta::assert_json_snapshot!("run_again", answer.expect(200)));
    let after = (
        export(&app, "raised", tenant(&session)).await,
        export(&app, "counted", tenant(&session)).await,
    );
    assert_eq!(after, before);
    let again = shown(&app, &session).await;
    for trigger in ["lead-notes", "extra-notes", "lead-count"] {
        let (own, then) = (
            &session["triggers"][tenant(&session)][trigger],
            &again["triggers"][tenant(&session)][trigger],
        );
        assert_eq!(own["content_digest"], then["content_digest"], "{trigger}");
        assert!(own["content_digest"].is_string());
    }
    assert_eq!(again["records_total"], session["records_total"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_projects_triggers_run_again_to_the_same_bytes() {
    let app = TestApp::bakery().await;
    for (account, calls) in [("professional", 6), ("enterprise", 7 + 3 * 2)] {
        let session = app.create(account).await.expect(200);
        let before = made(&app, &session).await;
        let mut told = 0;
        for (tenant, rows) in session["triggers"].as_object().unwrap() {
            for trigger in app.sessions.catalog().triggers() {
                let (Some(path), false) = (&trigger.path, rows[&trigger.slug].is_null()) else {
                    continue;
                };
                let answer = run(&app, &trigger.domain, path, tenant).await.expect(200);
                assert_eq!(
                    (&answer["trigger"], &answer["records"]),
                    (&json!(trigger.slug), &rows[&trigger.slug]["records"])
                );
                told += 1;
            }
        }
        assert_eq!(told, calls, "{account}");
        assert_eq!(made(&app, &session).await, before, "{account}");
    }
}

/// The bytes that triggers made of every tenant of a session, by domain.
async fn made(app: &TestApp, session: &Value) -> Vec<String> {
    let mut made = Vec::new();
    for tenant in session["triggers"].as_object().unwrap().keys() {
        for domain in ["alert_processor", "ai_insights", "dashboard"] {
            made.push(export(app, domain, tenant).await);
        }
    }
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_there_is_not_or_that_cannot_run_is_refused() {
    let app = TestApp::over(&Puppets::triggering("extra", "honest").load().hosting).await;
    let session = app.create("show").await.expect(200);
    let none = "4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10";
    run(&app, "lead", "ntoes", tenant(&session))
        .await
        .problem(404, "unknown_trigger");
    // KPIs have no call of their own.
    run(&app, "lead", "lead-count", tenant(&session))
        .await
        .problem(404, "unknown_trigger");
    run(&app, "laed", "notes", tenant(&session))
        .await
        .problem(404, "unknown_domain");
    run(&app, "lead", "notes", none)
        .await
        .problem(404, "tenant_not_found");
    let path = "/services/lead/internal/notes/trigger";
    app.post(path, &json!({"virtual_tenant_id": tenant(&session)}))
        .await
        .problem(401, "internal_key_missing");
    app.post_internal(path, &json!({"tenant": none}))
        .await
        .problem(400, "invalid_request");
    delete(&app, "extra", tenant(&session)).await.expect(200);
    let refused = run(&app, "extra", "notes", tenant(&session)).await;
    insta::assert_json_snapshot!("skipped", refused.problem(409, "trigger_skipped"));
    app.delete(&super::visit::path(&session, ""))
        .await
        .expect(200);
    run(&app, "lead", "notes", tenant(&session))
        .await
        .problem(404, "tenant_not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_fails_again_leaves_all_as_it_was() {
    let app = TestApp::over(&Puppets::triggering("extra", "trigger-panic").load().hosting).await;
    let session = app.create("show").await.expect(200);
    assert_eq!(
        (&session["status"], status(&session, "extra-notes")),
        (&json!("READY"), "failed")
    );
    let before = shown(&app, &session).await;
    let refused = run(&app, "extra", "notes", tenant(&session))
        .await
        .problem(502, "trigger_failed");
    assert!(
        refused["errors"][0]["detail"]
            .as_str()
            .unwrap()
            .starts_with("trap: "),
        "{refused:#}"
    );
    assert_eq!(shown(&app, &session).await, before);
    // A figure of some of the alerts would be of none of them all.
    let figures = get(&app, &session, "/kpis").await.expect(200);
    masked().bind(|| insta::assert_json_snapshot!("null_figure", figures));
}

/// Everything that was made: alerts, insights, KPIs.
async fn lists(app: &TestApp, session: &Value) -> Vec<Value> {
    let mut lists = Vec::new();
    for list in ["/alerts?limit=1000", "/insights?limit=1000", "/kpis"] {
        lists.push(get(app, session, list).await.expect(200)["data"].clone());
    }
    lists
}

#[tokio::test(flavor = "multi_thread")]
async fn repair_runs_the_triggers_skipped_in_a_partial_session() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    let whole = shown(&app, &session).await;
    let before = lists(&app, &session).await;
    delete(&app, "procurement", tenant(&session))
        .await
        .expect(200);
    let partial = shown(&app, &session).await;
    assert_eq!(partial["status"], "PARTIAL");
    for trigger in app.sessions.catalog().triggers() {
        let row = &partial["triggers"][tenant(&session)][&trigger.slug];
        if row.is_null() {
            continue;
        }
        let reads = trigger.domain == "procurement"
            || trigger
                .reads
                .iter()
                .any(|read| read.entity.domain == "procurement");
        if reads {
            assert_eq!(row["status"], "skipped", "{}: {row:#}", trigger.slug);
            assert!(
                row["reason"].as_str().unwrap().contains("`procurement`"),
                "{row:#}"
            );
        }
    }
    assert_eq!(status(&partial, "alert-figures"), "skipped");
    // What does not read it is untouched.
    assert_eq!(
        partial["triggers"][tenant(&session)]["margin-figures"],
        whole["triggers"][tenant(&session)]["margin-figures"]
    );
    let figures = get(&app, &session, "/kpis?kpi=procurement_saving")
        .await
        .expect(200);
    assert_eq!(
        (&figures["data"][0]["value"], &figures["data"][0]["status"]),
        (&Value::Null, &json!("skipped"))
    );

    clone_again(&app, "procurement", &session).await.expect(200);
    let repaired = shown(&app, &session).await;
    assert_eq!(repaired["status"], "READY");
    assert_eq!(lists(&app, &session).await, before);
    assert_eq!(repaired["alerts"], whole["alerts"]);
    assert_eq!(repaired["records_total"], whole["records_total"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn disabled_phase_runs_on_request_only() {
    let app = TestApp::with(
        bakery(),
        &[
            ("enable_demo_alert_generation", "false"),
            ("enable_demo_ai_insights", "false"),
        ],
    )
    .await;
    let session = app.create("professional").await.expect(200);
    assert_eq!(session["status"], "READY");
    assert!(
        session.get("alerts").is_none() && session.get("insights").is_none(),
        "{session:#}"
    );
    for trigger in app.sessions.catalog().triggers() {
        let row = &session["triggers"][tenant(&session)][&trigger.slug];
        if row.is_null() {
            continue;
        }
        let expected = match (trigger.phase.as_str(), trigger.slug.as_str()) {
            ("kpis", "alert-figures") => "skipped",
            ("kpis", _) => "completed",
            _ => "disabled",
        };
        assert_eq!(row["status"], expected, "{}: {row:#}", trigger.slug);
    }
    for list in ["/alerts", "/insights"] {
        let empty = get(&app, &session, list).await.expect(200);
        assert_eq!((&empty["data"], &empty["total"]), (&json!([]), &json!(0)));
    }
    let on = TestApp::bakery().await;
    let body = json!({"demo_account_type": "professional", "session_created_at": session["session_created_at"], "virtual_tenant_id": session["virtual_tenant_id"]});
    let whole = on
        .post_internal("/api/demo/sessions", &body)
        .await
        .expect(200);
    // Told to, they make what they would have made.
    for trigger in app.sessions.catalog().triggers() {
        let row = &session["triggers"][tenant(&session)][&trigger.slug];
        if let (Some(path), false) = (&trigger.path, row.is_null()) {
            run(&app, &trigger.domain, path, tenant(&session))
                .await
                .expect(200);
        }
    }
    for domain in ["alert_processor", "ai_insights", "dashboard"] {
        assert_eq!(
            export(&app, domain, tenant(&session)).await,
            export(&on, domain, tenant(&whole)).await,
            "{domain}"
        );
    }
    assert_eq!(shown(&app, &session).await["alerts"], whole["alerts"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_triggers_made_is_deleted_as_a_domain_and_made_again() {
    let app = TestApp::over(&Puppets::triggering("extra", "honest").load().hosting).await;
    let session = app.create("show").await.expect(200);
    let before = export(&app, "counted", tenant(&session)).await;
    let deleted = delete(&app, "raised", tenant(&session)).await.expect(200);
    assert_eq!(deleted["records_deleted"], json!({"alert": 4, "total": 4}));
    let without = shown(&app, &session).await;
    assert_eq!(without["status"], "READY", "no clone was undone");
    for trigger in ["lead-notes", "extra-notes", "lead-count"] {
        assert_eq!(status(&without, trigger), "skipped", "{trigger}");
    }
    let refused = app
        .get_internal(&format!(
            "/services/raised/internal/demo/export/{}",
            tenant(&session)
        ))
        .await;
    refused.problem(409, "domain_not_cloned");
    for domain in ["lead", "extra"] {
        run(&app, domain, "notes", tenant(&session))
            .await
            .expect(200);
    }
    assert_eq!(export(&app, "counted", tenant(&session)).await, before);
    assert_eq!(get(&app, &session, "/alerts").await.expect(200)["total"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_failed_runs_no_trigger() {
    let app = TestApp::over(&Puppets::triggering("lead", "panic").load().hosting).await;
    let failed = app.create("show").await.problem(502, "session_failed");
    let session = app
        .get(&format!("/api/demo/sessions/{}", id(&failed)))
        .await
        .expect(200);
    for trigger in ["lead-notes", "extra-notes", "lead-count"] {
        let row = &session["triggers"][tenant(&session)][trigger];
        assert_eq!(
            (&row["status"], &row["reason"]),
            (&json!("skipped"), &json!("the session FAILED"))
        );
    }
    assert_eq!(super::sql::rows_of(&app, tenant(&session)).await, 0);
}
