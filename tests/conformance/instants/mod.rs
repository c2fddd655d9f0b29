//! Every guaranteed state and edge case (domain specification, sections 4 and 5), at every creation
//! instant that could break one.

mod calendar;
mod demand;
mod kpis;
mod moments;
mod orders;
mod procurement;
mod production;
mod quality;
mod stock;
mod told;

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;

use crate::support::{Records, TestApp};
use told::{Fixtures, Told};

/// What is looked at, each by its own queries.
const LOOKS: &[fn(&Told<'_>)] = &[
    production::look,
    stock::look,
    procurement::look,
    quality::look,
    orders::look,
    demand::look,
    kpis::look,
    calendar::look,
];

#[tokio::test(flavor = "multi_thread")]
async fn every_guaranteed_state_holds_at_every_instant() {
    let app = TestApp::bakery().await;
    let fixtures = Fixtures::read(app.sessions.catalog(), "professional");
    let started = Instant::now();
    let moments = moments::all();
    let mut missed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for now in &moments {
        // READY: the host has held every clone to its schemas, rules and references.
        let session = app.create_at("professional", *now).await;
        let told = Told::new(*now, Records::of(&app, &session).await, &fixtures);
        for look in LOOKS {
            look(&told);
        }
        for (claim, found) in told.missed() {
            missed.entry(claim).or_default().push(format!("{}: {found}", now.to_rfc3339()));
        }
        let id = session["session_id"].as_str().unwrap();
        app.delete(&format!("/api/demo/sessions/{id}")).await.expect(200);
    }
    println!("{} instants in {:?}", moments.len(), started.elapsed());
    for (claim, at) in &missed {
        println!("{claim}: missed {} times, first at {}", at.len(), at[0]);
    }
    assert!(missed.is_empty(), "{:#?}", missed.keys().collect::<Vec<_>>());
}

/// A claim that cannot fail is worth nothing: every change below must be noticed, by the claim
/// that it is named for.
#[tokio::test(flavor = "multi_thread")]
async fn every_claim_notices_what_it_is_there_for() {
    let app = TestApp::bakery().await;
    let fixtures = Fixtures::read(app.sessions.catalog(), "professional");
    let now = "2026-03-04T10:20:30Z".parse().unwrap();
    let session = app.create_at("professional", now).await;
    let sound = told::rows(&Records::of(&app, &session).await);
    let mut unnoticed = Vec::new();
    for (claim, entity, change) in BREAKS {
        let mut rows = sound.clone();
        change(rows.get_mut(*entity).unwrap());
        let told = Told::new(now, Records::from_rows(rows), &fixtures);
        for look in LOOKS {
            look(&told);
        }
        let missed = told.missed();
        if !missed.iter().any(|(missed, _)| missed.contains(claim)) {
            unnoticed.push(format!("{claim}, {entity}: {missed:?}"));
        }
    }
    assert!(unnoticed.is_empty(), "{unnoticed:#?}");
}

/// A claim, an entity, and a change of its records that breaks the claim.
type Break = (&'static str, &'static str, fn(&mut Vec<Value>));

/// Sets a field of the first record that has a value in another.
fn set(rows: &mut [Value], key: &str, of: &str, field: &str, value: Value) {
    let row = rows.iter_mut().find(|row| row[key] == of).unwrap();
    row[field] = value;
}

/// Takes away the records that have a value in a field.
fn drop(rows: &mut Vec<Value>, key: &str, of: &str) {
    rows.retain(|row| row[key] != of);
}

const BREAKS: &[Break] = &[
    ("one late batch", "production.batch", |rows| {
        set(rows, "status", "PENDING", "actual_start_time", "2026-03-04T09:00:00Z".into());
    }),
    ("one batch at work", "production.batch", |rows| drop(rows, "status", "IN_PROGRESS")),
    ("it is baking", "production.batch", |rows| {
        set(rows, "status", "IN_PROGRESS", "current_process_stage", "mixing".into());
    }),
    ("it started when it was planned", "production.batch", |rows| {
        let planned = "2026-03-04T08:00:00Z".into();
        set(rows, "status", "IN_PROGRESS", "planned_start_time", planned);
    }),
    ("planned within a day", "production.batch", |rows| drop(rows, "status", "PENDING")),
    ("next in the plan", "production.batch", |rows| {
        rows.retain(|row| row["planned_start_time"] != "2026-03-04T11:50:30Z");
    }),
    ("evening batch", "production.batch", |rows| {
        rows.retain(|row| row["planned_start_time"] != "2026-03-04T17:00:00Z");
    }),
    ("tomorrow's first batch", "production.batch", |rows| {
        rows.retain(|row| row["planned_start_time"] != "2026-03-05T05:00:00Z");
    }),
    ("three below their reorder point", "inventory.stock", |rows| {
        for row in rows {
            row["quantity"] = 0.into();
        }
    }),
    ("one has nothing left and no order", "procurement.purchase_order", |rows| {
        drop(rows, "status", "APPROVED");
    }),
    ("two have an open order", "procurement.purchase_order", |rows| {
        drop(rows, "status", "PENDING_APPROVAL");
    }),
    ("one lot about to expire", "inventory.stock", |rows| {
        for row in rows.iter_mut().filter(|row| row["expiration_date"] == "2026-03-06T10:20:30Z") {
            row["quantity"] = 0.into();
        }
    }),
    ("shelf life", "inventory.stock", |rows| {
        rows[0]["expiration_date"] = "2026-08-30T10:20:30Z".into();
    }),
    ("in human review", "procurement.purchase_order", |rows| {
        drop(rows, "status", "PENDING_APPROVAL");
    }),
    ("approved by the planner", "procurement.purchase_order", |rows| {
        set(rows, "status", "APPROVED", "approval_source", "HUMAN".into());
    }),
    ("one late order", "procurement.purchase_order", |rows| drop(rows, "status", "SENT")),
    ("its delivery is late", "procurement.delivery", |rows| drop(rows, "status", "LATE")),
    ("arriving soon", "procurement.delivery", |rows| drop(rows, "status", "IN_TRANSIT")),
    ("three orders came", "procurement.delivery", |rows| drop(rows, "status", "DELIVERED")),
    ("two checks passed", "production.quality_check", |rows| drop(rows, "status", "PASSED")),
    ("a failed check holds its batch", "production.batch", |rows| {
        set(rows, "status", "ON_HOLD", "status", "COMPLETED".into());
    }),
    ("an open check has its batch", "production.batch", |rows| {
        set(rows, "status", "QUALITY_CHECK", "status", "COMPLETED".into());
    }),
    ("one check is open", "production.quality_check", |rows| drop(rows, "status", "PENDING")),
    ("customers of the last 30 days", "orders.customer_order", Vec::clear),
    ("eight orders completed", "orders.customer_order", |rows| drop(rows, "status", "DELIVERED")),
    ("two to deliver within 48 hours", "orders.customer_order", |rows| {
        drop(rows, "status", "IN_PRODUCTION");
    }),
    ("forecasts of the next seven days", "forecasting.forecast", |rows| {
        rows.retain(|row| row["forecast_date"] != "2026-03-10");
    }),
    ("made yesterday", "forecasting.forecast", |rows| {
        set(rows, "forecast_date", "2026-03-10", "prediction_date", "2026-03-02T04:00:00Z".into());
    }),
    ("accuracy", "sales.sale", |rows| {
        for row in rows {
            row["quantity_sold"] = (row["quantity_sold"].as_i64().unwrap() * 2).into();
        }
    }),
    ("ninety days of sales", "sales.sale", |rows| drop(rows, "date", "2026-03-03")),
    ("keeps its weekday", "sales.sale", |rows| {
        set(rows, "date", "2026-03-03", "date", "2025-12-01".into());
    }),
    ("peak of the week", "sales.sale", |rows| {
        for row in rows.iter_mut().filter(|row| row["date"] == "2026-02-28") {
            row["quantity_sold"] = 0.into();
        }
        for row in rows.iter_mut().filter(|row| row["date"] == "2026-03-01") {
            row["quantity_sold"] = 10_000.into();
        }
    }),
    ("production fulfilment", "production.batch", |rows| {
        drop(rows, "status", "COMPLETED");
    }),
    ("waste reduction", "production.batch", |rows| {
        for row in rows {
            row["waste_quantity"] = Value::Null;
        }
    }),
    ("procurement saving", "procurement.purchase_order", |rows| {
        for row in rows {
            row["baseline_amount"] = 0.into();
        }
    }),
    ("customer orders on working days", "orders.customer_order", |rows| {
        set(rows, "status", "DELIVERED", "delivery_date", "2026-02-28T10:00:00Z".into());
    }),
    ("deliveries in business hours", "procurement.delivery", |rows| {
        for row in rows.iter_mut().filter(|row| row["actual_date"].is_string()) {
            row["actual_date"] = "2026-02-27T20:00:01Z".into();
        }
    }),
    ("no delivery expected on a weekend", "procurement.purchase_order", |rows| {
        for row in rows.iter_mut() {
            row["expected_delivery_date"] = "2026-03-07T09:00:00Z".into();
        }
    }),
    ("weekly forecasts on Mondays", "forecasting.forecast", |rows| {
        set(rows, "granularity", "weekly", "forecast_date", "2026-03-03".into());
    }),
    ("exact to the microsecond", "inventory.stock", |rows| {
        set(rows, "expiration_date", "2026-03-06T10:20:30Z", "expiration_date", "2026-03-06T10:20:31Z".into());
    }),
    ("keeps its tense", "suppliers.supplier", |rows| {
        rows[0]["contract_end"] = "2026-03-04T10:20:29Z".into();
    }),
];
