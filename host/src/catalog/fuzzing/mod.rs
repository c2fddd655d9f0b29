//! Fuzz targets of what the catalog reads: see [`crate::fuzzing`].

mod decimal;
mod fixture;
mod json;
mod schema;
mod time;

pub use decimal::decimal;
pub use fixture::fixture;
pub use json::json;
pub use schema::schema;
pub use time::time;

pub use super::load::fuzzing::catalog;
