//! The figures of the dashboard by their formulas (domain specification, section 4.1).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::Duration;
use serde_json::Value;

use super::exact::{millionths, nearest, percent};
use super::group::{Group, Place};
use crate::support::{day, instant};

/// Tenant, scope and figure.
pub(super) type Key = (String, String, String);

/// Every figure that a session is to have, and its value.
pub(super) fn expected(group: &Group) -> BTreeMap<Key, Option<f64>> {
    let mut kpis = BTreeMap::new();
    let heads = group.places.len() > 1;
    for (at, place) in group.places.iter().enumerate() {
        let scopes = if at == 0 && heads {
            &["tenant", "group"][..]
        } else {
            &["tenant"]
        };
        for scope in scopes {
            let places = group.scope(at, scope);
            let mut add = |kpi: &str, value: Option<f64>| {
                let key = (
                    place.tenant.to_string(),
                    (*scope).to_owned(),
                    kpi.to_owned(),
                );
                kpis.insert(key, value);
            };
            let has = |entity: &str| places.iter().any(|of| !of.records.all(entity).is_empty());
            if has("production.batch") {
                add("production_fulfilment", fulfilment(group, &places));
                add("waste_reduction", waste(group, &places));
            }
            if has("procurement.purchase_order") {
                add("procurement_saving", Some(saving(group, &places)));
            }
            add("critical_stock", Some(critical(group, &places)));
            add("stock_value", Some(value(&places)));
            add("forecast_accuracy", accuracy(group, &places));
            add("demand_next_week", next_week(group, &places));
            add("margin", margin(group, &places));
            add("open_alerts", Some(open_alerts(&places)));
        }
        if at > 0 {
            let key = (
                place.tenant.to_string(),
                "tenant".to_owned(),
                "production_received".to_owned(),
            );
            kpis.insert(key, Some(received(group, place)));
        }
    }
    kpis
}

/// The figures that were computed, by the same keys.
pub(super) fn found<'v>(kpis: impl IntoIterator<Item = &'v Value>) -> BTreeMap<Key, Option<f64>> {
    let text = |kpi: &Value, field: &str| kpi[field].as_str().unwrap().to_owned();
    let kpis = kpis.into_iter().map(|kpi| {
        (
            (text(kpi, "tenant_id"), text(kpi, "scope"), text(kpi, "kpi")),
            kpi["value"].as_f64(),
        )
    });
    kpis.collect()
}

fn each<'p>(places: &[&'p Place], entity: &str) -> impl Iterator<Item = &'p Value> {
    let rows: Vec<&Value> = places
        .iter()
        .flat_map(|place| place.records.all(entity))
        .collect();
    rows.into_iter()
}

fn within(group: &Group, record: &Value, field: &str, from: i64, until: i64) -> bool {
    let window = group.now + Duration::days(from)..group.now + Duration::days(until);
    instant(record, field).is_some_and(|at| window.contains(&at))
}

fn days_before(group: &Group, record: &Value, field: &str) -> i64 {
    (group.now.date_naive() - day(record, field)).num_days()
}

fn fulfilment(group: &Group, places: &[&Place]) -> Option<f64> {
    let (mut made, mut planned) = (0, 0);
    for batch in each(places, "production.batch") {
        if batch["status"] != "CANCELLED" && within(group, batch, "planned_end_time", -7, 0) {
            let plan = millionths(&batch["planned_quantity"]);
            planned += plan;
            made += millionths(&batch["actual_quantity"]).min(plan);
        }
    }
    percent(made, planned)
}

fn waste(group: &Group, places: &[&Place]) -> Option<f64> {
    let of = |from, until| {
        let done = each(places, "production.batch").filter(|batch| {
            batch["status"] == "COMPLETED" && within(group, batch, "actual_end_time", from, until)
        });
        done.fold((0, 0), |(waste, made), batch| {
            (
                waste + millionths(&batch["waste_quantity"]),
                made + millionths(&batch["actual_quantity"]),
            )
        })
    };
    let ((waste, made), (before, made_before)) = (of(-28, 0), of(-56, -28));
    // 1 - (waste / made) / (before / made_before)
    (made != 0 && before != 0).then(|| {
        let (part, whole) = (waste * made_before, made * before);
        nearest(100 * (whole - part), whole) as f64
    })
}

fn saving(group: &Group, places: &[&Place]) -> f64 {
    let placed = each(places, "procurement.purchase_order").filter(|order| {
        order["status"] != "DRAFT"
            && order["status"] != "CANCELLED"
            && within(group, order, "order_date", -30, 0)
    });
    let saved: i128 = placed
        .map(|order| millionths(&order["baseline_amount"]) - millionths(&order["total_amount"]))
        .sum();
    10.0 * nearest(saved, 10_000_000) as f64
}

fn critical(group: &Group, places: &[&Place]) -> f64 {
    let mut left: HashMap<&str, i128> = HashMap::new();
    for lot in each(places, "inventory.stock") {
        if instant(lot, "expiration_date").unwrap() > group.now {
            *left
                .entry(lot["ingredient_id"].as_str().unwrap())
                .or_default() += millionths(&lot["quantity"]);
        }
    }
    let short = each(places, "inventory.ingredient").filter(|ingredient| {
        let left = left.get(ingredient["id"].as_str().unwrap()).copied();
        ingredient["product_type"] == "INGREDIENT"
            && left.unwrap_or_default() < millionths(&ingredient["reorder_point"])
    });
    short.count() as f64
}

fn value(places: &[&Place]) -> f64 {
    let value: i128 = each(places, "inventory.stock")
        .map(|lot| millionths(&lot["quantity"]) * millionths(&lot["unit_cost"]))
        .sum();
    // Millionths times millionths, to the cent.
    nearest(value, 10_000_000_000) as f64 / 100.0
}

fn accuracy(group: &Group, places: &[&Place]) -> Option<f64> {
    let past = |record: &Value, field| (1..=28).contains(&days_before(group, record, field));
    let key =
        |record: &Value, field: &str| (record["product_id"].to_string(), record[field].to_string());
    let mut sold: BTreeMap<(String, String), i128> = BTreeMap::new();
    for sale in each(places, "sales.sale").filter(|sale| past(sale, "date")) {
        *sold.entry(key(sale, "date")).or_default() += millionths(&sale["quantity_sold"]);
    }
    let mut forecast: BTreeMap<(String, String), i128> = BTreeMap::new();
    for made in each(places, "forecasting.forecast") {
        if made["granularity"] == "daily" && past(made, "forecast_date") {
            forecast.insert(
                key(made, "forecast_date"),
                millionths(&made["predicted_demand"]),
            );
        }
    }
    // A day that was forecast and sold nothing is missed by all of it; one that nobody forecast has no error.
    let missed: i128 = forecast
        .iter()
        .map(|(key, units)| (sold.get(key).copied().unwrap_or_default() - units).abs())
        .sum();
    let compared: BTreeSet<_> = forecast.keys().collect();
    let actual: i128 = sold
        .iter()
        .filter(|(key, _)| compared.contains(key))
        .map(|(_, units)| units)
        .sum();
    percent(actual - missed, actual)
}

fn next_week(group: &Group, places: &[&Place]) -> Option<f64> {
    let coming: i128 = each(places, "forecasting.forecast")
        .filter(|forecast| {
            forecast["granularity"] == "daily"
                && (-6..=0).contains(&days_before(group, forecast, "forecast_date"))
        })
        .map(|forecast| millionths(&forecast["predicted_demand"]))
        .sum();
    let sold: i128 = each(places, "sales.sale")
        .filter(|sale| (1..=7).contains(&days_before(group, sale, "date")))
        .map(|sale| millionths(&sale["quantity_sold"]))
        .sum();
    percent(coming - sold, sold)
}

fn margin(group: &Group, places: &[&Place]) -> Option<f64> {
    let recent: Vec<&Value> = each(places, "sales.sale")
        .filter(|sale| (1..=28).contains(&days_before(group, sale, "date")))
        .collect();
    let sum = |field: &str| -> i128 { recent.iter().map(|sale| millionths(&sale[field])).sum() };
    percent(sum("revenue") - sum("cost"), sum("revenue"))
}

fn open_alerts(places: &[&Place]) -> f64 {
    each(places, "alert_processor.alert")
        .filter(|alert| alert["status"] == "open")
        .count() as f64
}

fn received(group: &Group, outlet: &Place) -> f64 {
    let transfers = group.head().records.all("distribution.goods_transfer");
    let received = transfers.iter().filter(|transfer| {
        transfer["outlet_tenant_id"] == outlet.tenant.to_string()
            && transfer["status"] == "RECEIVED"
            && within(group, transfer, "received_at", -7, 0)
    });
    let units: i128 = received
        .map(|transfer| millionths(&transfer["received_quantity"]))
        .sum();
    units as f64 / 1e6
}
