//! Fuzz targets of what the catalog reads: each function takes any bytes and panics where a property of the parser
//! under test does not hold.

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

/// The bound of a refusal's text, in bytes, however long the input is.
pub const LONGEST_TEXT: usize = 4096;
