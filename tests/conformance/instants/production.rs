//! Production: one late, one at work, what is next, this evening, tomorrow.

use chrono::{Duration, NaiveTime};

use serde_json::Value;

use super::told::Told;
use crate::support::instant;

const BATCH: &str = "production.batch";

pub(super) fn look(told: &Told<'_>) {
    let starts = |record: &Value| instant(record, "planned_start_time").unwrap();
    let pending = told.records.find(BATCH, |batch| batch["status"] == "PENDING");
    let late: Vec<_> = pending.iter().copied().filter(|batch| starts(batch) <= told.now).collect();
    let planned: Vec<_> = late
        .iter()
        .filter(|batch| batch["actual_start_time"].is_null())
        .map(|batch| Some(starts(batch)))
        .collect();
    told.same("production: one late batch, planned two hours ago", planned, vec![told.after(-120)]);

    let running = told.records.find(BATCH, |batch| batch["status"] == "IN_PROGRESS");
    let started: Vec<_> = running.iter().map(|batch| instant(batch, "actual_start_time")).collect();
    told.same("production: one batch at work since 1 h 45 min", started, vec![told.after(-105)]);
    for batch in running {
        told.claim("production: it is baking", batch["current_process_stage"] == "baking", batch);
        let as_planned = batch["planned_start_time"] == batch["actual_start_time"];
        told.claim("production: it started when it was planned", as_planned, batch);
    }

    let mut to_come: Vec<_> =
        pending.into_iter().filter(|batch| starts(batch) > told.now).map(starts).collect();
    to_come.sort();
    let day = told.now + Duration::days(1);
    let soon = to_come.iter().filter(|start| **start <= day).count();
    told.claim("production: two planned within a day", soon >= 2, &to_come);
    told.same("production: the next in the plan, in an hour and a half", to_come.first().copied(), told.after(90));

    let today = told.now.date_naive();
    let at = |day: chrono::NaiveDate, hour| day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap()).and_utc();
    let two_hours_on = told.now + Duration::hours(2);
    let evening = if at(today, 17) >= two_hours_on { at(today, 17) } else { two_hours_on };
    told.claim("production: the evening batch", to_come.contains(&evening), &to_come);
    let morning = at(today.succ_opt().unwrap(), 5);
    told.claim("production: tomorrow's first batch at 05:00", to_come.contains(&morning), &to_come);

    let early = told.records.find(BATCH, |batch| {
        starts(batch) > told.now && !batch["actual_start_time"].is_null()
    });
    told.claim("production: a future batch has not started", early.is_empty(), early);
}
