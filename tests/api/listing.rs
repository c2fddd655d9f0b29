//! The records of a session, a page at a time.

use std::collections::BTreeSet;

use serde_json::Value;

use super::visit::{read, tenant};
use crate::support::{Puppets, Records, TestApp, masked};

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_together_are_the_entity_once() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    let records = Records::of(&app, &session).await;
    let whole = records.all("sales.sale");
    assert!(whole.len() > 1000, "{} records need no pages", whole.len());
    let (mut paged, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = read(&app, &session, &format!("sales/sale?limit=333{cursor}"))
            .await
            .expect(200);
        assert_eq!(page["total"], whole.len());
        let rows = page["records"].as_array().unwrap();
        assert!(!rows.is_empty() && rows.len() <= 333);
        paged.extend(rows.iter().cloned());
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(pages, whole.len().div_ceil(333));
    assert_eq!(paged, whole, "the pages are the entity in its order");
    let ids: BTreeSet<&str> = paged
        .iter()
        .map(|sale| sale["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), paged.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_tells_what_it_is_of() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    let page = read(&app, &session, "lead/note?limit=1").await.expect(200);
    assert_eq!(page["tenant_id"], tenant(&session));
    assert_eq!(page["records"][0]["tenant_id"], tenant(&session));
    let cursor = page["next_cursor"].as_str().unwrap().to_owned();
    let last = read(
        &app,
        &session,
        &format!("lead/note?limit=1&cursor={cursor}"),
    )
    .await
    .expect(200);
    assert_eq!(last["next_cursor"], Value::Null);
    assert_ne!(last["records"], page["records"]);
    let mut settings = masked();
    settings.add_filter(
        r#""next_cursor": "[0-9a-f]{24}""#,
        r#""next_cursor": "[cursor]""#,
    );
    settings.bind(|| insta::assert_json_snapshot!(page));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_other_data_is_refused() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    let page = read(&app, &session, "lead/note?limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let problem = read(&app, &session, &format!("extra/note?cursor={cursor}")).await;
    insta::assert_json_snapshot!(problem.expect(400));
    read(&app, &session, "lead/note?cursor=nonsense")
        .await
        .expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn uncloned_domain_has_no_list() {
    let app = TestApp::over(&Puppets::misbehaving("extra", "fail").load().hosting).await;
    let session = app.create("show").await.expect(200);
    let problem = read(&app, &session, "extra/note")
        .await
        .problem(409, "domain_not_cloned");
    insta::assert_json_snapshot!(problem);
    read(&app, &session, "lead/note").await.expect(200);
}
