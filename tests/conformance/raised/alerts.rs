//! The alerts that the records call for (domain specification, section 5 and the rulings of section 8).

use std::collections::BTreeSet;

use chrono::Duration;
use serde_json::Value;

use super::exact::millionths;
use super::group::{Group, Place};
use crate::support::instant;

/// Type, tenant, subject.
pub(super) type Key = (String, String, String);

const OPEN_ORDER: [&str; 3] = ["PENDING_APPROVAL", "APPROVED", "SENT"];

/// Every alert that is to be open.
pub(super) fn expected(group: &Group) -> BTreeSet<Key> {
    let mut alerts = BTreeSet::new();
    for place in &group.places {
        let mut add = |kind: &str, subject: &Value| {
            alerts.insert((
                kind.to_owned(),
                place.tenant.to_string(),
                subject["id"].as_str().unwrap().to_owned(),
            ));
        };
        stock(group, place, &mut add);
        for order in place.records.all("procurement.purchase_order") {
            let expected = instant(order, "expected_delivery_date");
            if order["status"] == "SENT" && expected.is_some_and(|at| at < group.now) {
                add("late_delivery", order);
            }
        }
        for batch in place.records.all("production.batch") {
            let planned = instant(batch, "planned_start_time").unwrap();
            if batch["status"] == "PENDING" && planned < group.now {
                add("late_batch", batch);
            }
            if batch["status"] == "ON_HOLD" {
                add("blocked_batch", batch);
            }
        }
        capacity(group, place, &mut add);
        for run in place.records.all("distribution.route_run") {
            let planned = instant(run, "planned_arrival").unwrap();
            let late = instant(run, "estimated_arrival").map(|estimated| estimated - planned);
            let over = run["status"] == "COMPLETED" || run["status"] == "CANCELLED";
            if !over && late.is_some_and(|late| late >= Duration::minutes(15)) {
                add("late_route", run);
            }
        }
    }
    alerts
}

fn stock(group: &Group, place: &Place, add: &mut impl FnMut(&str, &Value)) {
    let records = &place.records;
    for item in records.find("inventory.ingredient", |item| item["is_active"] == true) {
        let lots = || {
            let of = records.all("inventory.stock").iter();
            of.filter(|lot| lot["ingredient_id"] == item["id"])
        };
        let left: i128 = lots()
            .filter(|lot| instant(lot, "expiration_date").unwrap() > group.now)
            .map(|lot| millionths(&lot["quantity"]))
            .sum();
        let point = millionths(&item["reorder_point"]);
        if item["product_type"] == "INGREDIENT" {
            let ordered = records
                .find("procurement.purchase_order_item", |line| {
                    line["ingredient_id"] == item["id"]
                })
                .into_iter()
                .filter_map(|line| {
                    records.by_id("procurement.purchase_order", &line["purchase_order_id"])
                })
                .any(|order| OPEN_ORDER.iter().any(|open| order["status"] == *open));
            if left < point && !ordered {
                add("low_stock", item);
            }
        } else if place.outlet.is_some() && point > 0 && left < point {
            add("product_shortage", item);
        }
    }
    for lot in records.all("inventory.stock") {
        let item = records
            .by_id("inventory.ingredient", &lot["ingredient_id"])
            .unwrap();
        let expires = instant(lot, "expiration_date").unwrap();
        let soon = expires > group.now && expires <= group.now + Duration::hours(72);
        if item["product_type"] == "INGREDIENT" && soon && millionths(&lot["quantity"]) > 0 {
            add("expiring_stock", lot);
        }
    }
}

/// One alert a machine: its earliest period that is nearly full, running or beginning within a day.
fn capacity(group: &Group, place: &Place, add: &mut impl FnMut(&str, &Value)) {
    let full = place
        .records
        .find("production.production_capacity", |period| {
            period["is_available"] == true
                && instant(period, "period_end").unwrap() > group.now
                && instant(period, "period_start").unwrap() < group.now + Duration::hours(24)
                && 10 * millionths(&period["reserved_hours"])
                    >= 9 * millionths(&period["total_hours"])
        });
    let mut machines = BTreeSet::new();
    let mut full: Vec<&Value> = full;
    full.sort_by_key(|period| instant(period, "period_start"));
    for period in full {
        if machines.insert(period["equipment_id"].as_str().unwrap()) {
            add("equipment_capacity", period);
        }
    }
}

/// The alerts that are open, by the same keys.
pub(super) fn open<'v>(alerts: impl IntoIterator<Item = &'v Value>) -> BTreeSet<Key> {
    let text = |alert: &Value, field: &str| alert[field].as_str().unwrap().to_owned();
    alerts
        .into_iter()
        .filter(|alert| alert["status"] == "open")
        .map(|alert| {
            (
                text(alert, "type"),
                text(alert, "tenant_id"),
                text(alert, "subject_id"),
            )
        })
        .collect()
}
