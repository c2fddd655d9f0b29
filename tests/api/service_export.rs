//! A domain of a tenant is exported: as it is stored, or in the form that equal sessions share.

use serde_json::Value;

use super::visit::{path, tenant};
use crate::support::{Puppets, TestApp, instant};

fn export(domain: &str, session: &Value, query: &str) -> String {
    format!(
        "/services/{domain}/internal/demo/export/{}{query}",
        tenant(session)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_every_entity_with_every_record() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    for domain in app.sessions.catalog().domains() {
        let counts = &session["services"][tenant(&session)][&domain.slug]["records_cloned"];
        if counts.is_null() {
            // It takes no part, or triggers make it.
            continue;
        }
        let stored = app
            .get_internal(&export(&domain.slug, &session, ""))
            .await
            .expect(200);
        let explicit = export(&domain.slug, &session, "?form=stored");
        assert_eq!(app.get_internal(&explicit).await.expect(200), stored);
        let canonical = export(&domain.slug, &session, "?form=canonical");
        let canonical = app.get_internal(&canonical).await.expect(200);
        for form in [&stored, &canonical] {
            let entities = form.as_object().unwrap();
            for entity in &domain.entities {
                let rows = entities[entity].as_array().unwrap();
                assert_eq!(counts[entity], rows.len(), "{}.{entity}", domain.slug);
            }
            assert_eq!(entities.len(), domain.entities.len(), "{}", domain.slug);
        }
        assert!(stored.to_string().contains(tenant(&session)));
        assert!(
            !canonical.to_string().contains(tenant(&session)),
            "{}",
            domain.slug
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_several_triggers_made_is_exported_as_one_entity() {
    let app = TestApp::over(&Puppets::triggering("extra", "honest").load().hosting).await;
    let session = app.create("show").await.expect(200);
    let stored = app
        .get_internal(&export("raised", &session, ""))
        .await
        .expect(200);
    assert_eq!(stored["alert"].as_array().unwrap().len(), 4);
    let canonical = app.canonical(&session, "raised").await;
    assert!(!canonical.contains(tenant(&session)), "{canonical}");
    let again = app
        .create_at("show", instant(&session, "session_created_at").unwrap())
        .await;
    assert_eq!(app.canonical(&again, "raised").await, canonical);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_one_data_clock_share_their_canonical_form() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let one = app.create("show").await.expect(200);
    let at = instant(&one, "session_created_at").unwrap();
    let two = app.create_at("show", at).await;
    let later = app.create_at("show", at + chrono::Duration::days(1)).await;
    assert_eq!(
        app.canonical(&one, "lead").await,
        app.canonical(&two, "lead").await
    );
    let stored = async |session| app.get_internal(&export("lead", session, "")).await.text;
    assert_ne!(stored(&one).await, stored(&two).await);
    // A note knows no time: so the same holds a day later.
    assert_eq!(
        app.canonical(&one, "lead").await,
        app.canonical(&later, "lead").await
    );
    let text = app.canonical(&one, "lead").await;
    insta::assert_snapshot!("canonical", text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_open_is_not_exported() {
    let app = TestApp::over(&Puppets::misbehaving("lead", "fail").load().hosting).await;
    let failed = app.create("show").await.problem(502, "session_failed");
    let failed = app.get(&path(&failed, "")).await.expect(200);
    app.get_internal(&export("lead", &failed, ""))
        .await
        .problem(409, "session_not_open");
    app.delete(&path(&failed, "")).await.expect(200);
    // The tenant of a destroyed session is nobody's again.
    app.get_internal(&export("lead", &failed, ""))
        .await
        .problem(404, "tenant_not_found");
}
