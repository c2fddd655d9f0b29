//! What is driven: vehicles, routes and their stops.

use levain_plugin::{Field, Record};
use serde::Deserialize;

/// A vehicle of the fleet.
#[derive(Debug, Deserialize)]
pub struct Vehicle {}

impl Record for Vehicle {
    const ENTITY: &'static str = "vehicle";
    const FIELDS: &'static [Field<Self>] = &[
        Field::shifted("next_service_date"),
        Field::shifted("created_at"),
        Field::shifted("updated_at"),
    ];
}

/// A route that is driven regularly. Its times of day are a timetable, and stay.
#[derive(Debug, Deserialize)]
pub struct DeliveryRoute {}

impl Record for DeliveryRoute {
    const ENTITY: &'static str = "delivery_route";
    const FIELDS: &'static [Field<Self>] = &[
        Field::id("vehicle_id"),
        Field::id("driver_id"),
        Field::shifted("created_at"),
        Field::shifted("updated_at"),
    ];
}

/// A stop of a route.
#[derive(Debug, Deserialize)]
pub struct RouteStop {}

impl Record for RouteStop {
    const ENTITY: &'static str = "route_stop";
    const FIELDS: &'static [Field<Self>] = &[
        Field::id("route_id"),
        // An outlet's virtual tenant derives from this one like any other id.
        Field::id("outlet_tenant_id"),
        Field::shifted("created_at"),
        Field::shifted("updated_at"),
    ];
}
