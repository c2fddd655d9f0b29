//! Sales and forecasts: whole weeks, whole windows, each product on its own weekdays.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, NaiveDate};
use serde_json::Value;

use super::told::Told;
use crate::support::{day, instant, number};

pub(super) fn look(told: &Told<'_>) {
    let products: BTreeSet<&str> = told
        .records
        .find("inventory.ingredient", |product| product["product_type"] == "FINISHED_PRODUCT")
        .into_iter()
        .map(|product| product["id"].as_str().unwrap())
        .collect();
    sales(told, &products);
    forecasts(told, &products);
}

fn sales(told: &Told<'_>, products: &BTreeSet<&str>) {
    let mut days: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    let mut weekdays: BTreeMap<&str, [(f64, u32); 7]> = BTreeMap::new();
    for sale in told.records.all("sales.sale") {
        let product = sale["product_id"].as_str().unwrap();
        let date = day(sale, "date");
        days.entry(product).or_default().insert(told.days_on(date));
        let (sum, count) =
            &mut weekdays.entry(product).or_default()[date.weekday().num_days_from_monday() as usize];
        *sum += number(sale, "quantity_sold");
        *count += 1;
        let origin = told.origin(sale);
        let told_of: NaiveDate = origin["date"].as_str().unwrap().parse().unwrap();
        let kept = told_of.weekday() == date.weekday()
            && origin["quantity_sold"] == sale["quantity_sold"];
        told.claim("sales: a day keeps its weekday and its sales", kept, (sale, origin));
    }
    let expected: BTreeSet<i64> = (-90..0).collect();
    for product in products {
        let found = days.get(product).cloned().unwrap_or_default();
        told.claim("sales: ninety days of sales per product", found == expected, found.len());
        let means = weekdays.get(product).copied().unwrap_or_default();
        let means = means.map(|(sum, count)| sum / f64::from(count.max(1)));
        let saturday = means[5];
        let peak = means.iter().enumerate().all(|(at, mean)| at == 5 || *mean < saturday);
        told.claim("sales: Saturday is the peak of the week", peak, means);
    }
}

fn forecasts(told: &Told<'_>, products: &BTreeSet<&str>) {
    let daily =
        told.records.find("forecasting.forecast", |forecast| forecast["granularity"] == "daily");
    let next = |forecast: &Value| (0..7).contains(&told.days_on(day(forecast, "forecast_date")));
    let mut days: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for forecast in &daily {
        let date = day(forecast, "forecast_date");
        days.entry(forecast["product_id"].as_str().unwrap())
            .or_default()
            .insert(told.days_on(date));
        let origin = told.origin(forecast);
        let told_of: NaiveDate = origin["forecast_date"].as_str().unwrap().parse().unwrap();
        let kept = told_of.weekday() == date.weekday();
        told.claim("forecasts: a day keeps its weekday", kept, (forecast, origin));
        let made = instant(forecast, "prediction_date").unwrap();
        if next(forecast) {
            let ago = told.days_on(made.date_naive());
            told.claim("forecasts: those to come were made yesterday", ago == -1, forecast);
        }
        told.claim("forecasts: none is made after its day", made.date_naive() < date, forecast);
    }
    for product in products {
        let found = days.get(product).cloned().unwrap_or_default();
        let past: BTreeSet<i64> = found.range(..0).copied().collect();
        told.same("forecasts: four past weeks per product", past, (-28..0).collect());
        let to_come: BTreeSet<i64> = found.range(0..).copied().collect();
        told.same("forecasts: forecasts of the next seven days per product", to_come, (0..7).collect());
    }
}
