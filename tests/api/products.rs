//! Alerts, insights and KPIs of a session, as its visitor reads them.

use serde_json::{Value, json};

use super::visit::{get, get_as, path, tenant};
use crate::support::{Puppets, TestApp, masked};

fn all(page: &Value) -> &Vec<Value> {
    page["data"].as_array().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_listed_filtered_and_paged() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    let whole = get(&app, &session, "/alerts?limit=1000").await.expect(200);
    assert_eq!(whole["total"], session["alerts"]["total"]);
    let open = get(&app, &session, "/alerts?status=open&limit=1000")
        .await
        .expect(200);
    assert_eq!(open["total"], session["alerts"]["open"]);
    assert!(all(&open).len() >= 2, "{open:#}");
    for field in ["type", "severity", "status"] {
        let mut seen: Vec<&str> = all(&whole)
            .iter()
            .map(|alert| alert[field].as_str().unwrap())
            .collect();
        seen.sort_unstable();
        seen.dedup();
        for value in seen {
            let found = get(
                &app,
                &session,
                &format!("/alerts?{field}={value}&limit=1000"),
            )
            .await
            .expect(200);
            let expected: Vec<&Value> = all(&whole)
                .iter()
                .filter(|alert| alert[field] == value)
                .collect();
            assert_eq!(
                all(&found).iter().collect::<Vec<_>>(),
                expected,
                "{field}={value}"
            );
        }
    }
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(&app, &session, &format!("/alerts?limit=7{cursor}"))
            .await
            .expect(200);
        paged.extend(all(&page).clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(Value::from(paged), whole["data"]);
    // The same records as those of the domain.
    let data = get(&app, &session, "/data/alert_processor/alert?limit=1000")
        .await
        .expect(200);
    assert_eq!(data["records"], whole["data"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn flour_and_butter_have_orders_and_raise_nothing() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    let low = get(&app, &session, "/alerts?type=low_stock&status=open")
        .await
        .expect(200);
    assert_eq!(all(&low).len(), 1, "{low:#}");
    let short = get(&app, &session, "/kpis?kpi=critical_stock")
        .await
        .expect(200);
    assert_eq!(short["data"][0]["value"], 3);
    let open = get(&app, &session, "/kpis?kpi=open_alerts")
        .await
        .expect(200);
    assert_eq!(open["data"][0]["value"], session["alerts"]["open"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_refused_with_the_nearest() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    for (query, code) in [
        ("/alerts?severity=rde", "unknown_value"),
        ("/alerts?severty=red", "unknown_field"),
        ("/alerts?outlet=madrid", "unknown_value"),
        ("/insights?type=prices", "unknown_value"),
        ("/insights?severity=red", "unknown_field"),
        ("/kpis?kpi=margins", "unknown_value"),
        ("/kpis?scope=all", "unknown_value"),
        ("/kpis?status=open", "invalid_request"),
        ("/alerts?limit=0", "invalid_request"),
        ("/alerts?tenant_id=7", "invalid_request"),
        ("/alerts?cursor=00", "invalid_cursor"),
    ] {
        get(&app, &session, query).await.problem(400, code);
    }
    let refused = get(&app, &session, "/alerts?severity=rde&severity=grey").await;
    insta::assert_json_snapshot!("values", refused.expect(400));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_puppets_has_its_lists() {
    let app = TestApp::over(&Puppets::triggering("extra", "honest").load().hosting).await;
    let session = app.create("show").await.expect(200);
    let alerts = get(&app, &session, "/alerts").await.expect(200);
    let figures = get(&app, &session, "/kpis").await.expect(200);
    // The catalog has no trigger of insights, and no such list is an error.
    let insights = get(&app, &session, "/insights").await.expect(200);
    assert_eq!(
        insights,
        json!({"data": [], "total": 0, "next_cursor": null})
    );
    masked().bind(|| {
        insta::assert_json_snapshot!("alerts", alerts);
        insta::assert_json_snapshot!("figures", figures);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_sessions_own_token_opens_what_was_made() {
    let app = TestApp::over(&Puppets::triggering("extra", "honest").load().hosting).await;
    let (session, other) = (
        app.create("show").await.expect(200),
        app.create("show").await.expect(200),
    );
    let by_tenant = format!("/alerts?tenant_id={}&status=open", tenant(&session));
    assert_eq!(
        get_as(&app, &session, &by_tenant).await.expect(200)["total"],
        4
    );
    get_as(&app, &other, &by_tenant)
        .await
        .problem(404, "tenant_not_found");
    app.get(&by_tenant).await.problem(401, "token_missing");
    for list in ["/alerts", "/insights", "/kpis"] {
        app.get(&path(&session, list))
            .await
            .problem(401, "token_missing");
        get_as(&app, &other, &path(&session, list))
            .await
            .problem(404, "session_not_found");
        app.get_internal(&path(&session, list)).await.expect(200);
    }
    app.delete(&path(&session, "")).await.expect(200);
    for list in ["/alerts", "/insights", "/kpis"] {
        get(&app, &session, list)
            .await
            .problem(410, "session_destroyed");
    }
}
