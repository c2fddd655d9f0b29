//! The volumes of a real bakery, each minimum by itself (issue 2, item 5).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::support::{Records, TestApp, day, instant};

/// A session, and the instant that it is told from.
struct Volumes {
    now: DateTime<Utc>,
    records: Records,
}

impl Volumes {
    async fn measure() -> Self {
        let now = "2026-03-02T10:00:00Z".parse().unwrap();
        let app = TestApp::bakery().await;
        let session = app.create_at("professional", now).await;
        Self { now, records: Records::of(&app, &session).await }
    }

    fn products(&self) -> BTreeSet<&str> {
        self.records
            .find("inventory.ingredient", |product| product["product_type"] == "FINISHED_PRODUCT")
            .into_iter()
            .map(|product| product["id"].as_str().unwrap())
            .collect()
    }

    /// The ids that a field of an entity's records names.
    fn named(&self, entity: &str, field: &str) -> BTreeSet<&str> {
        self.records.all(entity).iter().filter_map(|record| record[field].as_str()).collect()
    }

    /// Days of a daily series, counted from the session's, per product.
    fn days(&self, records: &[&Value], field: &str) -> BTreeMap<String, BTreeSet<i64>> {
        let mut days: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
        for record in records {
            let product = record["product_id"].as_str().unwrap().to_owned();
            let offset = (day(record, field) - self.now.date_naive()).num_days();
            days.entry(product).or_default().insert(offset);
        }
        days
    }

    /// Whole days before the session at which a record has an instant.
    fn ages<'r>(
        &self,
        records: impl IntoIterator<Item = &'r Value>,
        field: &str,
    ) -> BTreeSet<i64> {
        records
            .into_iter()
            .filter_map(|record| Some((self.now - instant(record, field)?).num_days()))
            .collect()
    }

    fn at_least(&self, entity: &str, minimum: usize) {
        let found = self.records.all(entity).len();
        assert!(found >= minimum, "{entity}: {found} of {minimum}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_holds_what_a_real_bakery_holds() {
    let volumes = Volumes::measure().await;
    let records = &volumes.records;

    assert_eq!(volumes.products().len(), 24);
    let recipes = records.find("recipes.recipe", |recipe| recipe["is_active"] == true);
    assert!((18..=24).contains(&recipes.len()), "{}", recipes.len());
    let with_lines = volumes.named("recipes.recipe_ingredient", "recipe_id");
    assert_eq!(with_lines.len(), records.all("recipes.recipe").len(), "a recipe has lines");
    volumes.at_least("recipes.recipe_ingredient", 120);
    volumes.at_least("inventory.stock", 60);
    volumes.at_least("production.batch", 50);
    let checks = records.all("production.quality_check").len();
    assert!((170..=200).contains(&checks), "about 180 quality checks: {checks}");
    assert!(records.total() >= 3_500, "{}", records.total());
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_both_kinds_with_their_lines() {
    let volumes = Volumes::measure().await;
    let lines = volumes.named("procurement.purchase_order_item", "purchase_order_id");
    let delivered = volumes.named("procurement.delivery", "purchase_order_id");
    let whole = lines.intersection(&delivered).count();
    assert!(whole >= 12, "purchase orders with lines and deliveries: {whole}");
    let orders = volumes.named("procurement.purchase_order", "id");
    assert_eq!(lines, orders, "every purchase order has lines");

    volumes.at_least("orders.customer_order", 40);
    let lines = volumes.named("orders.order_item", "customer_order_id");
    assert_eq!(lines, volumes.named("orders.customer_order", "id"), "every order has lines");
}

#[tokio::test(flavor = "multi_thread")]
async fn ninety_days_of_sales_and_five_weeks_of_forecasts_per_product() {
    let volumes = Volumes::measure().await;
    let sales = volumes.records.find("sales.sale", |_| true);
    let sales = volumes.days(&sales, "date");
    let daily =
        volumes.records.find("forecasting.forecast", |record| record["granularity"] == "daily");
    let forecasts = volumes.days(&daily, "forecast_date");
    for product in volumes.products() {
        assert_eq!(sales[product], (-90..0).collect(), "sales of {product}");
        assert_eq!(forecasts[product], (-28..7).collect(), "forecasts of {product}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_enough_for_every_key_figure() {
    let volumes = Volumes::measure().await;
    let completed =
        volumes.records.find("production.batch", |batch| batch["status"] == "COMPLETED");
    let wasted: Vec<&Value> = completed
        .into_iter()
        .filter(|batch| batch["waste_quantity"].is_number() && batch["actual_quantity"].is_number())
        .collect();
    let days = volumes.ages(wasted, "actual_end_time");
    let missing: Vec<i64> = (0..56).filter(|age| !days.contains(age)).collect();
    assert!(missing.is_empty(), "days without a batch and its waste: {missing:?}");

    let priced = volumes.records.find("procurement.purchase_order", |order| {
        order["baseline_amount"].is_number() && order["total_amount"].is_number()
    });
    let days = volumes.ages(priced, "order_date");
    // The gap before the window's edge is meant: the figure does not hang on the hour.
    for week in 0..3 {
        let placed = days.range(week * 7..(week + 1) * 7).next().is_some();
        assert!(placed, "week {week} has no order: {days:?}");
    }
    assert!(days.range(21..30).next().is_some(), "{days:?}");
    assert!(days.range(26..34).next().is_none(), "orders at the window's edge: {days:?}");
}
