//! Another trade on the same host: a bicycle hire, with its own domains, plugins, fixtures, schemas and
//! references (`tests/cycles`).

use serde_json::json;

use super::shifted::Trade;
use crate::support::{Hosting, TestApp, guests_dir};

const CYCLES: Trade = Trade {
    folder: "cycles",
    base_reference: "2024-06-05T08:00:00Z",
    domains: &["fleet", "hire"],
    ids: &["done_by"],
};

#[tokio::test(flavor = "multi_thread")]
async fn a_bicycle_hire_is_served_by_the_same_host() {
    let hosting = Hosting::load(&CYCLES.catalog(), &guests_dir());
    let refused: Vec<String> = hosting
        .plugins
        .all_refused()
        .map(ToString::to_string)
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let app = TestApp::over(&hosting).await;
    let session = app.create("harbour").await.expect(200);
    assert_eq!(session["status"], "READY", "{session:#}");
    let tenant = session["virtual_tenant_id"].as_str().unwrap();
    let services = &session["services"][tenant];
    assert_eq!(
        services["fleet"]["records_cloned"],
        json!({"bike": 18, "service": 18, "total": 36})
    );
    assert_eq!(
        services["hire"]["records_cloned"],
        json!({"rider": 9, "hire": 30, "total": 39})
    );

    // Every id is derived and every time shifted by as much; the rest is as the fixture has it.
    CYCLES.compare(&app, &session).await;
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
