//! Another trade on the same host: a bicycle hire, with its own domains, plugins, fixtures, schemas and
//! references (`tests/cycles`).

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use levain_plugin::identity;
use serde_json::{Value, json};

use crate::support::{Hosting, Records, TestApp, guests_dir, root};

fn catalog() -> PathBuf {
    root().join("tests/cycles/catalog.toml")
}

fn instant(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// The records of a fixture file, by entity.
fn fixture(file: &str) -> Value {
    let file = root().join("tests/cycles").join(file);
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bicycle_hire_is_served_by_the_same_host() {
    let hosting = Hosting::load(&catalog(), &guests_dir());
    let refused: Vec<String> = hosting
        .plugins
        .all_refused()
        .map(ToString::to_string)
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let app = TestApp::over(&hosting).await;
    let session = app.create("harbour").await.expect(200);
    assert_eq!(session["status"], "READY", "{session:#}");
    let services = &session["services"][session["virtual_tenant_id"].as_str().unwrap()];
    assert_eq!(
        services["fleet"]["records_cloned"],
        json!({"bike": 18, "service": 18, "total": 36})
    );
    assert_eq!(
        services["hire"]["records_cloned"],
        json!({"rider": 9, "hire": 30, "total": 39})
    );

    // Every id is derived and every time shifted by as much; the rest is as the fixture has it.
    let records = Records::of(&app, &session).await;
    let tenant = session["virtual_tenant_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let base: DateTime<Utc> = "2024-06-05T08:00:00Z".parse().unwrap();
    let by = instant(&session["session_created_at"]) - base;
    for (domain, file) in [("fleet", "fleet.json"), ("hire", "hire.json")] {
        for (entity, templates) in fixture(file).as_object().unwrap() {
            let cloned = records.all(&format!("{domain}.{entity}"));
            assert_eq!(cloned.len(), templates.as_array().unwrap().len());
            for (record, template) in cloned.iter().zip(templates.as_array().unwrap()) {
                for (field, value) in template.as_object().unwrap() {
                    let expected = match (field.as_str(), value) {
                        ("tenant_id", _) => session["virtual_tenant_id"].clone(),
                        (_, Value::String(text))
                            if field == "id" || field.ends_with("_id") || field == "done_by" =>
                        {
                            json!(identity::derive(&tenant, &text.parse().unwrap()))
                        }
                        (_, Value::String(_)) if field.ends_with("_at") => {
                            assert_eq!(instant(&record[field]) - instant(value), by, "{record:#}");
                            continue;
                        }
                        _ => value.clone(),
                    };
                    assert_eq!(
                        record[field], expected,
                        "{domain}.{entity} {field}: {record:#}"
                    );
                }
            }
        }
    }
    // Its typed views are there, as those of any trade.
    let database = app.database().await;
    assert!(database.relations().await.contains(&"hire_hire".to_owned()));
    let out =
        format!("SELECT count(*) FROM hire_hire WHERE tenant_id = '{tenant}' AND status = 'OUT'");
    assert_eq!(database.number(&out).await, 3);
    app.delete(&format!(
        "/api/demo/sessions/{}",
        session["session_id"].as_str().unwrap()
    ))
    .await
    .expect(200);
    assert_eq!(database.number("SELECT count(*) FROM segments").await, 0);
}
