//! The key figures by their formulas (domain specification, section 4.1): they hold at every instant.

use std::collections::HashMap;

use serde_json::Value;

use super::told::Told;
use crate::support::{day, instant, number};

pub(super) fn look(told: &Told<'_>) {
    fulfilment(told);
    accuracy(told);
    waste(told);
    saving(told);
}

fn or_zero(record: &Value, field: &str) -> f64 {
    record[field].as_f64().unwrap_or_default()
}

fn fulfilment(told: &Told<'_>) {
    let due = told.records.find("production.batch", |batch| {
        batch["status"] != "CANCELLED" && told.within(instant(batch, "planned_end_time"), -7, 0)
    });
    let planned: f64 = due.iter().map(|batch| number(batch, "planned_quantity")).sum();
    let made: f64 = due
        .iter()
        .map(|batch| or_zero(batch, "actual_quantity").min(number(batch, "planned_quantity")))
        .sum();
    let share = (100.0 * made / planned).round();
    told.claim("kpi: production fulfilment is 87 %", share == 87.0, (made, planned));
}

fn accuracy(told: &Told<'_>) {
    let past = |record: &Value, field| (-28..0).contains(&told.days_on(day(record, field)));
    let mut sold: HashMap<(&str, &str), f64> = HashMap::new();
    for sale in told.records.find("sales.sale", |sale| past(sale, "date")) {
        let key = (sale["product_id"].as_str().unwrap(), sale["date"].as_str().unwrap());
        *sold.entry(key).or_default() += number(sale, "quantity_sold");
    }
    let actual: f64 = sold.values().sum();
    let mut missed = 0.0;
    let mut compared = 0;
    for forecast in told.records.find("forecasting.forecast", |forecast| {
        forecast["granularity"] == "daily" && past(forecast, "forecast_date")
    }) {
        let key =
            (forecast["product_id"].as_str().unwrap(), forecast["forecast_date"].as_str().unwrap());
        missed += (sold.get(&key).copied().unwrap_or_default() - number(forecast, "predicted_demand")).abs();
        compared += 1;
    }
    told.same("kpi: every day sold was forecast", compared, sold.len());
    let share = (100.0 * (1.0 - missed / actual)).round();
    told.claim("kpi: forecast accuracy is 92 %", share == 92.0, (missed, actual));
}

fn waste(told: &Told<'_>) {
    let share = |from, until| {
        let done = told.records.find("production.batch", |batch| {
            batch["status"] == "COMPLETED" && told.within(instant(batch, "actual_end_time"), from, until)
        });
        let waste: f64 = done.iter().map(|batch| or_zero(batch, "waste_quantity")).sum();
        let made: f64 = done.iter().map(|batch| or_zero(batch, "actual_quantity")).sum();
        waste / made
    };
    let reduction = 1.0 - share(-28, 0) / share(-56, -28);
    told.claim("kpi: the waste reduction is one", reduction > 0.0 && reduction < 0.5, reduction);
}

fn saving(told: &Told<'_>) {
    let saved: f64 = told
        .records
        .find("procurement.purchase_order", |order| told.within(instant(order, "order_date"), -30, 0))
        .into_iter()
        .map(|order| number(order, "baseline_amount") - number(order, "total_amount"))
        .sum();
    told.claim("kpi: the procurement saving is one", saved > 0.0, saved);
}
