//! The drives of the routes.

use levain_plugin::time::{Clock, Micros, Stamp};
use levain_plugin::{Field, Record};
use serde::Deserialize;

use crate::series::Drive;

/// One drive of a route.
#[derive(Debug, Deserialize)]
pub struct RouteRun {
    status: Status,
    planned_departure: Stamp,
    planned_arrival: Stamp,
    #[serde(default)]
    actual_departure: Option<Stamp>,
    #[serde(default)]
    estimated_arrival: Option<Stamp>,
    #[serde(default)]
    actual_arrival: Option<Stamp>,
    created_at: Stamp,
    updated_at: Stamp,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Completed,
    #[serde(other)]
    NotOver,
}

impl Record for RouteRun {
    const ENTITY: &'static str = "route_run";
    const FIELDS: &'static [Field<Self>] = &[
        Field::code("run_number", "RUN", |run, clock| {
            run.drive().told(run.planned_departure, clock)
        }),
        Field::id("route_id"),
        Field::id("vehicle_id"),
        Field::id("driver_id"),
        Field::time("planned_departure", |run, clock| {
            run.told(Some(run.planned_departure), clock)
        }),
        Field::time("planned_arrival", |run, clock| {
            run.told(Some(run.planned_arrival), clock)
        }),
        Field::time("actual_departure", |run, clock| {
            run.told(run.actual_departure, clock)
        }),
        Field::time("estimated_arrival", |run, clock| {
            run.told(run.estimated_arrival, clock)
        }),
        Field::time("actual_arrival", |run, clock| {
            run.told(run.actual_arrival, clock)
        }),
        Field::time("created_at", |run, clock| {
            run.told(Some(run.created_at), clock)
        }),
        Field::time("updated_at", |run, clock| {
            run.told(Some(run.updated_at), clock)
        }),
    ];

    fn keep(&self, clock: &Clock) -> bool {
        self.drive().keep(clock)
    }
}

impl RouteRun {
    const fn drive(&self) -> Drive {
        Drive {
            departure: self.planned_departure,
            arrival: self.planned_arrival,
            is_over: matches!(self.status, Status::Completed),
        }
    }

    fn told(&self, stamp: Option<Stamp>, clock: &Clock) -> Option<Micros> {
        Some(self.drive().told(stamp?, clock))
    }
}
