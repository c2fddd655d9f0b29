//! Procurement: what waits, what is late, what is on its way, what came.

use std::collections::BTreeSet;

use chrono::Duration;

use super::told::Told;
use crate::support::instant;

const ORDER: &str = "procurement.purchase_order";
const DELIVERY: &str = "procurement.delivery";

pub(super) fn look(told: &Told<'_>) {
    let records = &told.records;
    let review = records.find(ORDER, |order| order["status"] == "PENDING_APPROVAL");
    let undecided = review.iter().all(|order| order["approval_source"].is_null());
    told.claim("procurement: one order in human review", review.len() == 1 && undecided, &review);
    let approved = records.find(ORDER, |order| order["status"] == "APPROVED");
    let by_planner = approved.iter().all(|order| order["approval_source"] == "AI");
    told.claim(
        "procurement: one order approved by the planner",
        approved.len() == 1 && by_planner,
        &approved,
    );

    let late = records.find(ORDER, |order| {
        order["status"] == "SENT" && instant(order, "expected_delivery_date").unwrap() < told.now
    });
    let expected: Vec<_> =
        late.iter().map(|order| instant(order, "expected_delivery_date")).collect();
    told.same("procurement: one late order, expected four hours ago", expected, vec![told.after(-240)]);
    for order in late {
        let expected: Vec<_> = records
            .find(DELIVERY, |delivery| {
                delivery["purchase_order_id"] == order["id"] && delivery["status"] == "LATE"
            })
            .into_iter()
            .map(|delivery| instant(delivery, "expected_date"))
            .collect();
        told.same("procurement: its delivery is late", expected, vec![told.after(-240)]);
    }

    let day = told.now + Duration::days(1);
    let mut arriving: Vec<_> = records
        .find(DELIVERY, |delivery| delivery["actual_date"].is_null())
        .into_iter()
        .map(|delivery| instant(delivery, "expected_date"))
        .filter(|expected| expected.is_some_and(|expected| expected > told.now && expected <= day))
        .collect();
    arriving.sort();
    told.same("procurement: one delivery arriving soon, in 2 h 30 min", arriving, vec![told.after(150)]);

    let came: BTreeSet<_> = records
        .find(DELIVERY, |delivery| {
            let arrived = instant(delivery, "actual_date");
            let age = arrived.map(|arrived| told.now - arrived);
            delivery["status"] == "DELIVERED"
                && age.is_some_and(|age| age >= Duration::days(1) && age <= Duration::days(7))
        })
        .into_iter()
        .map(|delivery| &delivery["purchase_order_id"])
        .filter(|id| records.by_id(ORDER, id).is_some_and(|order| order["status"] == "RECEIVED"))
        .map(|id| id.as_str().unwrap())
        .collect();
    told.claim("procurement: three orders came one to seven days ago", came.len() == 3, &came);
}
