//! A group: the head and its outlets, each a tenant of its own within one session.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::visit::{delete, get, get_as, id, path, read, tenant};
use crate::support::TestApp;

fn children(session: &Value) -> &Vec<Value> {
    session["children"].as_array().unwrap()
}

/// Every tenant of a session.
fn tenants(session: &Value) -> Vec<&str> {
    let outlets = children(session).iter();
    std::iter::once(tenant(session))
        .chain(outlets.map(|child| child["virtual_tenant_id"].as_str().unwrap()))
        .collect()
}

fn child_of(session: &Value, place: usize) -> Value {
    let child = &children(session)[place];
    json!({
        "session_id": session["session_id"], "parent_tenant_id": session["virtual_tenant_id"],
        "base_tenant_id": child["base_tenant_id"], "virtual_tenant_id": child["virtual_tenant_id"],
    })
}

const CREATE_CHILD: &str = "/services/tenant/internal/demo/create-child";

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_cloned_whole() {
    let app = TestApp::bakery().await;
    let session = app.create("enterprise").await.expect(200);
    assert_eq!(session["status"], "READY", "{session:#}");
    let outlets: Vec<&str> = children(&session)
        .iter()
        .map(|child| child["outlet"].as_str().unwrap())
        .collect();
    assert_eq!(outlets, ["madrid", "barcelona", "valencia"]);
    for child in children(&session) {
        assert!(child["location"]["latitude"].is_number(), "{child:#}");
        assert!(!child["name"].as_str().unwrap().is_empty());
    }
    assert_eq!(tenants(&session).iter().collect::<BTreeSet<_>>().len(), 4);
    let mut all = 0;
    for tenant in tenants(&session) {
        let services = session["services"][tenant].as_object().unwrap();
        assert!(
            services
                .values()
                .all(|service| service["status"] == "completed"),
            "{services:#?}"
        );
        let triggers = session["triggers"][tenant].as_object().unwrap();
        assert!(
            triggers
                .values()
                .all(|trigger| trigger["status"] == "completed"),
            "{triggers:#?}"
        );
        all += super::sql::rows_of(&app, tenant).await;
    }
    assert!(all >= 8000, "{all}");
    assert_eq!(session["records_total"], all);
    assert!(session["alerts"]["open"].as_u64().unwrap() >= 4);
    let destroyed = app.delete(&path(&session, "")).await.expect(200);
    assert_eq!(destroyed["records_deleted"], all);
    for tenant in tenants(&session) {
        assert_eq!(super::sql::rows_of(&app, tenant).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outlets_tenant_follows_from_the_heads() {
    let (app, other) = (TestApp::bakery().await, TestApp::bakery().await);
    let session = app.create("enterprise").await.expect(200);
    let body = json!({"demo_account_type": "enterprise", "session_created_at": session["session_created_at"], "virtual_tenant_id": session["virtual_tenant_id"]});
    let same = other
        .post_internal("/api/demo/sessions", &body)
        .await
        .expect(200);
    assert_eq!(same["children"], session["children"]);
    for tenant in tenants(&session) {
        for (domain, service) in session["services"][tenant].as_object().unwrap() {
            assert_eq!(
                service["content_digest"], same["services"][tenant][domain]["content_digest"],
                "{domain}"
            );
        }
        for (name, trigger) in session["triggers"][tenant].as_object().unwrap() {
            assert_eq!(
                trigger["content_digest"], same["triggers"][tenant][name]["content_digest"],
                "{name}"
            );
        }
    }
    // An outlet's tenant is taken as much as the head's.
    for taken in tenants(&session) {
        let body = json!({"demo_account_type": "professional", "virtual_tenant_id": taken});
        app.post_internal("/api/demo/sessions", &body)
            .await
            .problem(409, "conflict");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_opens_every_tenant_of_its_session_and_no_other() {
    let app = TestApp::bakery().await;
    let (session, other) = (
        app.create("enterprise").await.expect(200),
        app.create("enterprise").await.expect(200),
    );
    for tenant in tenants(&session) {
        let page = read(
            &app,
            &session,
            &format!("inventory/stock?tenant_id={tenant}&limit=5"),
        )
        .await
        .expect(200);
        assert_eq!(page["tenant_id"], tenant);
        assert!(
            page["records"]
                .as_array()
                .unwrap()
                .iter()
                .all(|record| record["tenant_id"] == tenant)
        );
        read(&app, &other, &format!("inventory/stock?tenant_id={tenant}"))
            .await
            .problem(404, "tenant_not_found");
        get_as(&app, &session, &format!("/alerts?tenant_id={tenant}"))
            .await
            .expect(200);
        get_as(&app, &other, &format!("/alerts?tenant_id={tenant}"))
            .await
            .problem(404, "tenant_not_found");
    }
    assert_ne!(id(&session), id(&other));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_over_all_tenants_the_heads_first() {
    let app = TestApp::bakery().await;
    let session = app.create("enterprise").await.expect(200);
    for list in ["alerts", "insights"] {
        let whole = get(&app, &session, &format!("/{list}?limit=1000"))
            .await
            .expect(200);
        let mut expected = Vec::new();
        for tenant in tenants(&session) {
            let own = get(
                &app,
                &session,
                &format!("/{list}?limit=1000&tenant_id={tenant}"),
            )
            .await
            .expect(200);
            expected.extend(own["data"].as_array().unwrap().clone());
        }
        assert_eq!(whole["data"], Value::from(expected), "{list}");
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = get(&app, &session, &format!("/{list}?limit=9{cursor}"))
                .await
                .expect(200);
            paged.extend(page["data"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(Value::from(paged), whole["data"], "{list}");
    }
    // An alert is found by the outlet that it is felt at, whoever raised it.
    let late = get(
        &app,
        &session,
        "/alerts?type=late_route&status=open&outlet=barcelona",
    )
    .await
    .expect(200);
    assert_eq!(late["total"], 1, "{late:#}");
    assert_eq!(late["data"][0]["tenant_id"], tenant(&session));
    let refused = get(&app, &session, "/alerts?outlet=barcelon").await;
    insta::assert_json_snapshot!("unknown_outlet", refused.problem(400, "unknown_value"));
    let figures = get(&app, &session, "/kpis").await.expect(200);
    let of = |scope: &str, outlet: Value| {
        let figures = figures["data"].as_array().unwrap().iter();
        figures
            .filter(|figure| figure["scope"] == scope && figure["outlet"] == outlet)
            .count()
    };
    assert!(of("group", Value::Null) > 0 && of("tenant", Value::Null) > 0);
    for outlet in ["madrid", "barcelona", "valencia"] {
        assert!(of("tenant", json!(outlet)) > 0, "{outlet}");
        assert_eq!(of("group", json!(outlet)), 0, "{outlet}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outlet_is_deleted_and_repaired_by_itself() {
    let app = TestApp::bakery().await;
    let session = app.create("enterprise").await.expect(200);
    let whole = app.get(&path(&session, "")).await.expect(200);
    let outlet = tenants(&session)[2];
    delete(&app, "inventory", outlet).await.expect(200);
    let partial = app.get(&path(&session, "")).await.expect(200);
    assert_eq!(partial["status"], "PARTIAL");
    assert_eq!(
        partial["services"][outlet]["inventory"]["status"],
        "deleted"
    );
    assert_eq!(
        partial["services"][tenant(&session)]["inventory"]["status"],
        "completed"
    );
    // The head's figures are of its outlets too; its alerts are its own.
    assert_eq!(
        partial["triggers"][tenant(&session)]["stock-figures"]["status"],
        "skipped"
    );
    assert_eq!(
        partial["triggers"][tenant(&session)]["stock-alerts"]["status"],
        "completed"
    );
    assert_eq!(
        partial["triggers"][outlet]["stock-alerts"]["status"],
        "skipped"
    );
    let body = json!({
        "base_tenant_id": children(&session)[1]["base_tenant_id"], "virtual_tenant_id": outlet,
        "demo_account_type": "enterprise", "session_id": session["session_id"], "session_created_at": session["session_created_at"],
    });
    app.post_internal("/services/inventory/internal/demo/clone", &body)
        .await
        .expect(200);
    let repaired = app.get(&path(&session, "")).await.expect(200);
    assert_eq!(repaired["status"], "READY");
    assert_eq!(repaired["records_total"], whole["records_total"]);
    for tenant in tenants(&session) {
        for (name, trigger) in whole["triggers"][tenant].as_object().unwrap() {
            let then = &repaired["triggers"][tenant][name];
            assert_eq!(
                (&then["status"], &then["content_digest"]),
                (&json!("completed"), &trigger["content_digest"]),
                "{name}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_is_created_again() {
    let app = TestApp::bakery().await;
    let session = app.create("enterprise").await.expect(200);
    let outlet = tenants(&session)[1];
    delete(&app, "tenant", outlet).await.expect(200);
    assert_eq!(
        app.get(&path(&session, "")).await.expect(200)["status"],
        "PARTIAL"
    );
    let created = app
        .post_internal(CREATE_CHILD, &child_of(&session, 0))
        .await
        .expect(200);
    assert_eq!(
        (&created["service"], &created["status"]),
        (&json!("tenant"), &json!("completed"))
    );
    let repaired = app.get(&path(&session, "")).await.expect(200);
    assert_eq!(repaired["status"], "READY");
    assert_eq!(
        repaired["services"][outlet]["tenant"]["content_digest"],
        session["services"][outlet]["tenant"]["content_digest"]
    );

    app.post(CREATE_CHILD, &child_of(&session, 0))
        .await
        .problem(401, "internal_key_missing");
    for (field, value, status, code) in [
        ("session_id", json!("demo_0"), 404, "session_not_found"),
        // The head is nobody's child.
        (
            "virtual_tenant_id",
            session["virtual_tenant_id"].clone(),
            404,
            "tenant_not_found",
        ),
        ("parent_tenant_id", json!(outlet), 400, "invalid_request"),
        ("base_tenant_id", json!(outlet), 400, "invalid_request"),
    ] {
        let mut body = child_of(&session, 0);
        body[field] = value;
        let refused = app
            .post_internal(CREATE_CHILD, &body)
            .await
            .problem(status, code);
        if status == 400 {
            assert_eq!(refused["errors"][0]["pointer"], format!("/{field}"));
        }
    }
}
