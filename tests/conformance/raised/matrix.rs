//! What triggers made of a session: the figures and alerts that the specification names, and all others as
//! the independent calculation has them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::group::Group;
use super::{alerts, kpis};

/// Everything that triggers made of a session, held against the calculations of the tests.
fn hold(group: &Group) -> Result<(), String> {
    let made = || {
        let places = group.places.iter();
        places.flat_map(|place| place.records.all("alert_processor.alert"))
    };
    let (found, expected) = (alerts::open(made()), alerts::expected(group));
    if found != expected {
        let missing: BTreeSet<_> = found.symmetric_difference(&expected).collect();
        return Err(format!("open alerts: {missing:?}"));
    }
    for alert in made() {
        let at = |field: &str| {
            alert[field]
                .as_str()
                .map(|text| text.parse::<DateTime<Utc>>().unwrap())
        };
        let (triggered, acknowledged, resolved) =
            (at("triggered_at"), at("acknowledged_at"), at("resolved_at"));
        let told = [triggered, acknowledged, resolved];
        let past = told.into_iter().flatten().all(|at| at <= group.now);
        let in_order = acknowledged.is_none_or(|at| Some(at) >= triggered)
            && resolved.is_none_or(|at| Some(at) >= acknowledged);
        let closed = (alert["status"] == "resolved") == resolved.is_some();
        if !(past && in_order && closed) {
            return Err(format!("the course of {alert}"));
        }
    }
    let kpis: Vec<&Value> = group
        .places
        .iter()
        .flat_map(|place| place.records.all("dashboard.kpi"))
        .collect();
    let (found, expected) = (kpis::found(kpis), kpis::expected(group));
    if found != expected {
        let differ: Vec<_> = expected
            .iter()
            .filter(|(key, value)| found.get(*key) != Some(value))
            .map(|(key, value)| (key, value, found.get(key)))
            .collect();
        return Err(format!(
            "figures: {differ:?}, {} and {}",
            found.len(),
            expected.len()
        ));
    }
    Ok(())
}

/// What the bakery's session tells.
///
/// # Errors
/// What it tells otherwise.
pub(in crate::conformance) fn of_the_bakery(group: &Group) -> Result<(), String> {
    hold(group)?;
    one_of_each(
        group,
        &[
            "blocked_batch",
            "expiring_stock",
            "late_batch",
            "late_delivery",
            "low_stock",
        ],
    )?;
    edge_cases(group)?;
    figures(
        group,
        "tenant",
        &[
            ("production_fulfilment", 87.0),
            ("critical_stock", 3.0),
            ("forecast_accuracy", 92.0),
            ("open_alerts", 5.0),
        ],
    )
}

/// What the group's session tells.
///
/// # Errors
/// What it tells otherwise.
pub(in crate::conformance) fn of_the_group(group: &Group) -> Result<(), String> {
    hold(group)?;
    one_of_each(
        group,
        &[
            "blocked_batch",
            "equipment_capacity",
            "expiring_stock",
            "late_batch",
            "late_delivery",
            "late_route",
            "low_stock",
            "product_shortage",
        ],
    )?;
    edge_cases(group)?;
    figures(
        group,
        "group",
        &[
            ("forecast_accuracy", 88.0),
            ("demand_next_week", 12.0),
            ("waste_reduction", 17.0),
            ("procurement_saving", 1200.0),
            ("critical_stock", 3.0),
            ("open_alerts", 8.0),
        ],
    )?;
    named(group)
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what}: {found:?}, not {expected:?}")),
    }
}

fn one_of_each(group: &Group, kinds: &[&str]) -> Result<(), String> {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for place in &group.places {
        for (kind, _, _) in alerts::open(place.records.all("alert_processor.alert")) {
            *found.entry(kind).or_default() += 1;
        }
    }
    let expected = kinds.iter().map(|kind| ((*kind).to_owned(), 1)).collect();
    same("open alerts by type", found, expected)
}

fn figures(group: &Group, scope: &str, expected: &[(&str, f64)]) -> Result<(), String> {
    let kpis = group.head().records.all("dashboard.kpi");
    for (kpi, value) in expected {
        let mut found = kpis.iter();
        let found = found.find(|row| row["scope"] == scope && row["kpi"] == *kpi);
        let found = found.and_then(|row| row["value"].as_f64());
        same(kpi, found, Some(*value))?;
    }
    Ok(())
}

/// The open alert of a type.
fn open<'g>(group: &'g Group, kind: &str) -> Result<&'g Value, String> {
    let mut places = group.places.iter();
    let found = places.find_map(|place| {
        let mut alerts = place.records.all("alert_processor.alert").iter();
        alerts.find(|alert| alert["type"] == kind && alert["status"] == "open")
    });
    found.ok_or_else(|| format!("no open alert of type {kind}"))
}

fn text<'v>(alert: &'v Value, field: &str) -> &'v str {
    alert[field].as_str().unwrap_or_default()
}

/// The alerts of the edge cases (domain specification, section 5): what they are called, how much they
/// matter, and what they are about.
fn edge_cases(group: &Group) -> Result<(), String> {
    for (kind, severity, title, about) in [
        (
            "low_stock",
            "red",
            "Bajo stock — acción requerida",
            "Levadura",
        ),
        ("late_delivery", "red", "Retraso de proveedor", ""),
        ("late_batch", "yellow", "Producción retrasada", "Baguette"),
        ("expiring_stock", "orange", "Caducidad próxima", "Nata"),
    ] {
        let alert = open(group, kind)?;
        same(kind, text(alert, "severity"), severity)?;
        same(kind, text(alert, "title"), title)?;
        if !text(alert, "message").contains(about) {
            return Err(format!("{kind} is not about {about}: {alert}"));
        }
    }
    Ok(())
}

/// The three alerts of the group that the specification names (section 4).
fn named(group: &Group) -> Result<(), String> {
    let brioche = open(group, "product_shortage")?;
    let title = "Stock bajo de brioche premium — OC creada por IA";
    same("brioche", text(brioche, "title"), title)?;
    same("brioche", text(brioche, "outlet"), "barcelona")?;
    same("brioche", text(brioche, "severity"), "red")?;
    let orders = group
        .head()
        .records
        .find("procurement.purchase_order", |order| {
            order["approval_source"] == "AI"
                && text(brioche, "message").contains(text(order, "po_number"))
        });
    same("orders made by AI in the message", orders.len(), 1)?;
    let oven = open(group, "equipment_capacity")?;
    same("oven", text(oven, "severity"), "orange")?;
    if !text(oven, "title").contains("al 95 % — riesgo de cuello de botella") {
        return Err(format!("the oven: {oven}"));
    }
    let route = open(group, "late_route")?;
    let title = "Retraso ruta Barcelona — ETA +30 min";
    same("route", text(route, "title"), title)?;
    same("route", text(route, "severity"), "yellow")?;
    match text(route, "message").contains("A-2") {
        true => Ok(()),
        false => Err(format!("the route: {route}")),
    }
}
