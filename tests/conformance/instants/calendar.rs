//! The calendar: working days, business hours, Mondays; markers exact, and nothing that was past to
//! come (domain specification, section 5). What is exact is read from the fixtures.

use chrono::{DateTime, Datelike as _, NaiveTime, Utc, Weekday};
use levain_plugin::time::Stamp;
use serde_json::Value;

use super::told::Told;
use crate::support::{day, instant};

/// Domains whose records triggers make: they have no fixtures.
const MADE: [&str; 3] = ["alert_processor", "ai_insights", "dashboard"];

/// Entities with series of days: they move by weeks.
const SERIES: [&str; 3] = [
    "forecasting.forecast",
    "distribution.route_run",
    "distribution.goods_transfer",
];

pub(super) fn look(told: &Told<'_>) {
    working_days(told);
    business_hours(told);
    weekends_to_come(told);
    mondays(told);
    for (entity, records) in told.records.iter() {
        let domain = entity.split('.').next().unwrap_or_default();
        if MADE.contains(&domain) {
            continue;
        }
        for record in records {
            exact_and_in_tense(told, entity, record);
        }
    }
}

fn is_weekend(instant: DateTime<Utc>) -> bool {
    matches!(instant.weekday(), Weekday::Sat | Weekday::Sun)
}

fn working_days(told: &Told<'_>) {
    for order in told.records.all("orders.customer_order") {
        for field in ["order_date", "delivery_date"] {
            let kept = told.is_exact(order, field) || !is_weekend(instant(order, field).unwrap());
            told.claim(
                "calendar: customer orders on working days",
                kept,
                (field, order),
            );
        }
    }
}

fn business_hours(told: &Told<'_>) {
    let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    for delivery in told.records.all("procurement.delivery") {
        for field in ["expected_date", "actual_date"] {
            let Some(at) = instant(delivery, field) else {
                continue;
            };
            let open = (hour(8)..=hour(20)).contains(&at.time());
            let kept = told.is_exact(delivery, field) || open;
            told.claim(
                "calendar: deliveries in business hours",
                kept,
                (field, delivery),
            );
        }
    }
}

fn weekends_to_come(told: &Told<'_>) {
    for order in told.records.all("procurement.purchase_order") {
        let Some(expected) = instant(order, "expected_delivery_date") else {
            continue;
        };
        let kept = expected <= told.now
            || told.is_exact(order, "expected_delivery_date")
            || !is_weekend(expected);
        told.claim(
            "calendar: no delivery expected on a weekend to come",
            kept,
            order,
        );
    }
}

fn mondays(told: &Told<'_>) {
    let weekly = told.records.find("forecasting.forecast", |forecast| {
        forecast["granularity"] == "weekly"
    });
    for forecast in weekly {
        let kept = day(forecast, "forecast_date").weekday() == Weekday::Mon
            && instant(forecast, "prediction_date").unwrap().weekday() == Weekday::Mon;
        told.claim("calendar: weekly forecasts on Mondays", kept, forecast);
    }
}

/// A marker says exactly when; any other instant stays on its side of the session's. The series of
/// days move by weeks instead.
fn exact_and_in_tense(told: &Told<'_>, entity: &str, record: &Value) {
    let Some(fields) = told.origin(record).as_object() else {
        return told.claim("calendar: every record has its fixture", false, record);
    };
    for (field, written) in fields {
        let Some(written) = written.as_str() else {
            continue;
        };
        let Some(found) = record[field].as_str() else {
            continue;
        };
        let Ok(found) = found.parse::<DateTime<Utc>>() else {
            continue;
        };
        match Stamp::parse(written) {
            Ok(stamp @ Stamp::Marker(_)) => {
                let exact = told.clock.resolve(stamp) == found.timestamp_micros();
                let claim = format!("calendar: {entity}.{field} is exact to the microsecond");
                told.claim(&claim, exact, (written, record));
            }
            Ok(Stamp::At(at)) if !SERIES.contains(&entity) => {
                let was_to_come = told.was_to_come(DateTime::from_timestamp_micros(at).unwrap());
                let kept = (found > told.now) == was_to_come;
                let claim = format!("calendar: {entity}.{field} keeps its tense");
                told.claim(&claim, kept, (written, record));
            }
            _ => {}
        }
    }
}
