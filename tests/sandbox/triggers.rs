//! Triggers that go wrong: the session is READY all the same, and the other triggers are kept.

use serde_json::Value;

use crate::support::{Puppets, TestApp};

/// A behaviour of a trigger, and how it must be reported.
type Case = (&'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    ("panic", "trap", "the puppet was told to panic"),
    // The trigger's own time, not its domain's.
    ("loop", "timeout", "700 ms"),
    ("recurse", "stack_limit", "recursion"),
    ("grow", "memory_limit", "33554432 are allowed"),
    ("fail", "plugin_failed", "the puppet was told to fail"),
    ("unsupported", "unsupported", "extra-notes"),
    ("giant-output", "memory_limit", "memory"),
    ("many-records", "record_limit", "50000 records"),
    ("foreign-entity", "invalid_output", "letter"),
    ("entity-twice", "invalid_output", "one segment"),
    (
        "foreign-tenant",
        "invalid_output",
        "00000000-0000-4000-8000-00000000dead",
    ),
    (
        "forged-id",
        "invalid_output",
        "00000000-0000-4000-8000-0000000f0f0f",
    ),
    ("id-twice", "invalid_output", "id"),
    ("not-json", "invalid_output", "json"),
    ("truncated-json", "invalid_output", "json"),
    ("not-an-array", "invalid_output", "array"),
    ("not-records", "invalid_output", "object"),
    ("nul", "invalid_output", "U+0000"),
    ("deep", "invalid_output", "deep"),
    ("unknown-field", "invalid_output", "surprise"),
    ("foreign-outlet", "invalid_output", "nowhere"),
    // References of what is raised are checked with the rest of it, against what is there.
    (
        "dangling",
        "invalid_output",
        "00000000-0000-0000-0000-0000000f0f0f",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_misbehaves_costs_nobody_else_anything() {
    for (behaviour, code, said) in CASES {
        let behaviour = format!("trigger-{behaviour}");
        let stage = Puppets::triggering("extra", &behaviour).load();
        let app = TestApp::over(&stage.hosting).await;
        let session = app.create("show").await.expect(200);
        assert_eq!(session["status"], "READY", "{behaviour}: {session:#}");
        let triggers = triggers(&session);
        let failed = &triggers["extra-notes"];
        assert_eq!(failed["status"], "failed", "{behaviour}: {failed:#}");
        assert_eq!(failed["error"]["code"], *code, "{behaviour}: {failed:#}");
        assert!(
            failed["error"].to_string().contains(said),
            "{behaviour} does not say {said:?}: {failed:#}"
        );
        let other = &triggers["lead-notes"];
        assert_eq!(other["status"], "completed", "{behaviour}: {other:#}");
        assert_eq!(other["records"], 2, "{behaviour}: {other:#}");
        // A number of some of the alerts would be none of them all.
        let count = &triggers["lead-count"];
        assert_eq!(count["status"], "skipped", "{behaviour}: {count:#}");
        assert_eq!(
            kept(&app).await,
            [("lead-notes".to_owned(), 2)],
            "{behaviour}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_that_behave_are_kept_in_parts() {
    for (behaviour, extra) in [("honest", 2), ("trigger-nothing", 0)] {
        let stage = Puppets::triggering("extra", behaviour).load();
        let app = TestApp::over(&stage.hosting).await;
        let session = app.create("show").await.expect(200);
        let triggers = triggers(&session);
        for (trigger, records) in [("lead-notes", 2), ("extra-notes", extra), ("lead-count", 1)] {
            let row = &triggers[trigger];
            assert_eq!(row["status"], "completed", "{behaviour}: {row:#}");
            assert_eq!(row["records"], records, "{behaviour}: {row:#}");
        }
        let mut parts = vec![("lead-count".to_owned(), 1), ("lead-notes".to_owned(), 2)];
        if extra > 0 {
            parts.insert(0, ("extra-notes".to_owned(), extra));
        }
        assert_eq!(kept(&app).await, parts, "{behaviour}");
        let database = app.database().await;
        let counted = database
            .number("SELECT CAST(value AS bigint) FROM counted_figure")
            .await;
        let raised = database.number("SELECT count(*) FROM raised_alert").await;
        assert_eq!(
            (counted, raised),
            (i64::from(2 + extra), i64::from(2 + extra))
        );
    }
}

/// The triggers of the session's own tenant.
fn triggers(session: &Value) -> &Value {
    &session["triggers"][session["virtual_tenant_id"].as_str().unwrap()]
}

/// What is stored of triggers: the parts, and their records.
async fn kept(app: &TestApp) -> Vec<(String, u32)> {
    let database = app.database().await;
    let parts = "SELECT part FROM segments WHERE part <> '' ORDER BY part";
    let mut kept = Vec::new();
    for part in database.texts(parts).await {
        let records = format!("SELECT CAST(records AS bigint) FROM segments WHERE part = '{part}'");
        let records = database.number(&records).await;
        kept.push((part, u32::try_from(records).unwrap()));
    }
    kept
}
