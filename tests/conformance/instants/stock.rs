//! Stock: what runs out, what is about to expire, and how long things keep.

use std::collections::BTreeSet;

use chrono::Duration;
use serde_json::Value;

use super::told::Told;
use crate::support::{instant, number};

const OPEN: [&str; 3] = ["PENDING_APPROVAL", "APPROVED", "SENT"];

pub(super) fn look(told: &Told<'_>) {
    let records = &told.records;
    let expires = |lot: &Value| instant(lot, "expiration_date").unwrap();
    let available = |ingredient: &Value| -> f64 {
        let lots = records.find("inventory.stock", |lot| {
            lot["ingredient_id"] == ingredient["id"] && expires(lot) > told.now
        });
        lots.into_iter().map(|lot| number(lot, "quantity")).sum()
    };
    let open: BTreeSet<&str> = records
        .find("procurement.purchase_order", |order| OPEN.iter().any(|open| order["status"] == *open))
        .into_iter()
        .map(|order| order["id"].as_str().unwrap())
        .collect();
    let ordered = |ingredient: &Value| {
        let lines = records.find("procurement.purchase_order_item", |line| {
            line["ingredient_id"] == ingredient["id"]
                && open.contains(line["purchase_order_id"].as_str().unwrap())
        });
        !lines.is_empty()
    };

    let short = records.find("inventory.ingredient", |ingredient| {
        ingredient["product_type"] == "INGREDIENT"
            && available(ingredient) < number(ingredient, "reorder_point")
    });
    let named: Vec<_> = short.iter().map(|ingredient| &ingredient["name"]).collect();
    told.claim("stock: three below their reorder point", short.len() == 3, &named);
    let (covered, bare): (Vec<&Value>, Vec<&Value>) =
        short.into_iter().partition(|ingredient| ordered(ingredient));
    let something_left = covered.iter().all(|ingredient| available(ingredient) > 0.0);
    told.claim("stock: two have an open order", covered.len() == 2 && something_left, &named);
    let nothing_left = bare.iter().all(|ingredient| available(ingredient) == 0.0);
    told.claim("stock: one has nothing left and no order", bare.len() == 1 && nothing_left, &named);

    let soon = told.now + Duration::days(3);
    let expiring: Vec<_> = records
        .find("inventory.stock", |lot| {
            number(lot, "quantity") > 0.0 && expires(lot) > told.now && expires(lot) <= soon
        })
        .into_iter()
        .map(|lot| Some(expires(lot)))
        .collect();
    told.same("stock: one lot about to expire, in two days", expiring, vec![told.after(2 * 1440)]);

    for lot in records.all("inventory.stock") {
        let ingredient = records.by_id("inventory.ingredient", &lot["ingredient_id"]).unwrap();
        let keeps = Duration::days(ingredient["shelf_life_days"].as_i64().unwrap());
        let expected = instant(lot, "received_date").unwrap() + keeps;
        let kept = told.is_exact(lot, "expiration_date") || expires(lot) == expected;
        told.claim("stock: a lot keeps for its shelf life", kept, lot);
    }
}
