//! What the drives carry to the outlets. A transfer is there when its drive is: it has the same plan.

use levain_plugin::time::{Clock, Micros, Stamp};
use levain_plugin::{Field, Record};
use serde::Deserialize;

use crate::series::Drive;

/// Products sent to an outlet.
#[derive(Debug, Deserialize)]
pub struct GoodsTransfer {
    status: Status,
    planned_departure: Stamp,
    planned_arrival: Stamp,
    #[serde(default)]
    received_at: Option<Stamp>,
    created_at: Stamp,
    updated_at: Stamp,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Received,
    #[serde(other)]
    NotThere,
}

impl Record for GoodsTransfer {
    const ENTITY: &'static str = "goods_transfer";
    const FIELDS: &'static [Field<Self>] = &[
        Field::code("transfer_number", "TRF", |transfer, clock| {
            transfer.drive().told(transfer.planned_departure, clock)
        }),
        Field::id("run_id"),
        // An outlet's virtual tenant derives from this one like any other id.
        Field::id("outlet_tenant_id"),
        Field::id("product_id"),
        Field::id("batch_id"),
        Field::time("planned_departure", |transfer, clock| {
            transfer.told(Some(transfer.planned_departure), clock)
        }),
        Field::time("planned_arrival", |transfer, clock| {
            transfer.told(Some(transfer.planned_arrival), clock)
        }),
        Field::time("received_at", |transfer, clock| {
            transfer.told(transfer.received_at, clock)
        }),
        Field::time("created_at", |transfer, clock| {
            transfer.told(Some(transfer.created_at), clock)
        }),
        Field::time("updated_at", |transfer, clock| {
            transfer.told(Some(transfer.updated_at), clock)
        }),
    ];

    fn keep(&self, clock: &Clock) -> bool {
        self.drive().keep(clock)
    }
}

impl GoodsTransfer {
    const fn drive(&self) -> Drive {
        Drive {
            departure: self.planned_departure,
            arrival: self.planned_arrival,
            is_over: matches!(self.status, Status::Received),
        }
    }

    fn told(&self, stamp: Option<Stamp>, clock: &Clock) -> Option<Micros> {
        Some(self.drive().told(stamp?, clock))
    }
}
