//! The edge cases at one instant, written out (issue 2, "must show" 5).

use chrono::{DateTime, Utc};

use crate::support::{Records, TestApp, instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_ten_o_clock() {
    let app = TestApp::bakery().await;
    let now: DateTime<Utc> = "2026-03-02T10:00:00Z".parse().unwrap();
    let session = app.create_at("professional", now).await;
    let records = Records::of(&app, &session).await;

    let upcoming = records
        .find("production.batch", |batch| batch["status"] == "PENDING")
        .into_iter()
        .filter(|batch| instant(batch, "planned_start_time").unwrap() > now)
        .min_by_key(|batch| instant(batch, "planned_start_time"))
        .unwrap();
    assert_eq!(upcoming["planned_start_time"], "2026-03-02T11:30:00Z", "{upcoming:#}");

    let running = records.find("production.batch", |batch| batch["status"] == "IN_PROGRESS");
    let [running] = running.as_slice() else { panic!("{running:#?}") };
    assert_eq!(running["actual_start_time"], "2026-03-02T08:15:00Z", "{running:#}");

    let late = records.find("procurement.purchase_order", |order| {
        order["status"] == "SENT" && instant(order, "expected_delivery_date").unwrap() < now
    });
    let [late] = late.as_slice() else { panic!("{late:#?}") };
    assert_eq!(late["expected_delivery_date"], "2026-03-02T06:00:00Z", "{late:#}");
}
