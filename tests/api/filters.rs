//! Listings are filtered by the entity's own fields.

use serde_json::Value;

use super::visit::read;
use crate::support::{Records, TestApp};

const BATCHES: &str = "production/batch?limit=1000";

#[tokio::test(flavor = "multi_thread")]
async fn filters_select_by_field() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    let records = Records::of(&app, &session).await;
    let keep = |keep: &dyn Fn(&Value) -> bool| -> Vec<Value> {
        records
            .find("production.batch", keep)
            .into_iter()
            .cloned()
            .collect()
    };
    let product = records.all("production.batch")[0]["product_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let quantity = records.all("production.batch")[0]["planned_quantity"].clone();
    let status = |status: &'static str| move |batch: &Value| batch["status"] == status;
    let cases = [
        ("status=COMPLETED".to_owned(), keep(&status("COMPLETED"))),
        // A field given twice may have either value; two fields must both match.
        (
            "status=PENDING&status=IN_PROGRESS".to_owned(),
            keep(&|batch| status("PENDING")(batch) || status("IN_PROGRESS")(batch)),
        ),
        (
            format!("status=COMPLETED&product_id={product}"),
            keep(&|batch| status("COMPLETED")(batch) && batch["product_id"] == product.as_str()),
        ),
        // Numbers compare by size, null is what is null.
        (
            format!("planned_quantity={quantity}.0"),
            keep(&|batch| batch["planned_quantity"] == quantity),
        ),
        (
            "actual_quantity=null".to_owned(),
            keep(&|batch| batch["actual_quantity"].is_null()),
        ),
    ];
    for (query, expected) in cases {
        assert!(!expected.is_empty(), "{query} selects nothing to be shown");
        let page = read(&app, &session, &format!("{BATCHES}&{query}"))
            .await
            .expect(200);
        assert_eq!(page["records"], Value::from(expected.clone()), "{query}");
        assert_eq!(page["total"], expected.len(), "{query}");
    }
    let none = read(&app, &session, &format!("{BATCHES}&status=NO_SUCH"))
        .await
        .expect(200);
    assert_eq!(
        (&none["total"], &none["next_cursor"]),
        (&0.into(), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_field_is_refused_with_the_nearest_one() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    let problem = read(
        &app,
        &session,
        "production/batch?statsu=PENDING&shoe_size=44",
    )
    .await;
    insta::assert_json_snapshot!(problem.problem(400, "unknown_field"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_of_many_values_selects_what_each_of_them_does() {
    let app = TestApp::bakery().await;
    let session = app.create("professional").await.expect(200);
    let records = Records::of(&app, &session).await;
    let batches = records.all("production.batch");
    let mut wanted: Vec<String> = batches
        .iter()
        .map(|batch| batch["planned_quantity"].to_string())
        .take(20)
        .collect();
    // Most of the values are of no record.
    wanted.extend((0..80).map(|n| format!("{n}.125")));
    let query = |values: &[String]| {
        let values = values
            .iter()
            .map(|value| format!("planned_quantity={value}"));
        format!("{BATCHES}&{}", values.collect::<Vec<_>>().join("&"))
    };
    let page = read(&app, &session, &query(&wanted)).await.expect(200);
    let expected: Vec<&Value> = batches
        .iter()
        .filter(|batch| wanted.contains(&batch["planned_quantity"].to_string()))
        .collect();
    assert!(expected.len() >= 20);
    assert_eq!(page["total"], expected.len());
    assert_eq!(page["records"], serde_json::json!(expected));
    wanted.push("1".to_owned());
    let refusal = read(&app, &session, &query(&wanted)).await;
    insta::assert_json_snapshot!("too_many_values", refusal.problem(400, "too_many_values"));
}
