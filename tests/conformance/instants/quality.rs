//! Quality: the checks of the day, and what they do to their batches.

use serde_json::Value;

use super::told::Told;
use crate::support::instant;

pub(super) fn look(told: &Told<'_>) {
    let today = |status: &str| {
        told.records.find("production.quality_check", |check| {
            check["status"] == status && told.within(instant(check, "check_time"), -1, 0)
        })
    };
    let batch_status = |check: &Value| {
        told.records.by_id("production.batch", &check["batch_id"]).map(|batch| &batch["status"])
    };
    let passed = today("PASSED");
    told.claim("quality: two checks passed", passed.len() == 2, &passed);
    let failed: Vec<_> = today("FAILED").into_iter().map(batch_status).collect();
    told.same("quality: a failed check holds its batch", failed, vec![Some(&"ON_HOLD".into())]);
    let open: Vec<_> = today("PENDING").into_iter().map(batch_status).collect();
    told.claim("quality: one check is open", open.len() == 1, &open);
    told.same("quality: an open check has its batch waiting", open, vec![Some(&"QUALITY_CHECK".into())]);

    let held = told.records.find("production.batch", |batch| batch["status"] == "ON_HOLD");
    told.claim("quality: one batch in quarantine", held.len() == 1, &held);
}
