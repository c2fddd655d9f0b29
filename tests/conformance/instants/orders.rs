//! Customers and their orders.

use std::collections::BTreeSet;

use serde_json::Value;

use super::told::Told;
use crate::support::instant;

const ORDER: &str = "orders.customer_order";

pub(super) fn look(told: &Told<'_>) {
    let records = &told.records;
    let recent: BTreeSet<&str> = records
        .find(ORDER, |order| told.within(instant(order, "order_date"), -30, 0))
        .into_iter()
        .map(|order| order["customer_id"].as_str().unwrap())
        .collect();
    told.claim("orders: five customers of the last 30 days", recent.len() >= 5, recent.len());

    let over = |order: &Value| order["status"] == "DELIVERED" || order["status"] == "CANCELLED";
    let soon = records.find(ORDER, |order| {
        !over(order) && told.within(instant(order, "delivery_date"), 0, 2)
    });
    told.claim("orders: two to deliver within 48 hours", soon.len() == 2, &soon);

    let completed = records.find(ORDER, |order| order["status"] == "DELIVERED");
    told.claim("orders: eight orders completed", completed.len() >= 8, completed.len());
    let early = completed.into_iter().find(|order| instant(order, "delivery_date").unwrap() > told.now);
    told.claim("orders: what is delivered was delivered", early.is_none(), early);
    let overdue = records.find(ORDER, |order| {
        !over(order) && instant(order, "delivery_date").unwrap() < told.now
    });
    told.claim("orders: none is overdue", overdue.is_empty(), overdue);
}
