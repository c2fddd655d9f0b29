//! Owns the catalog: reads and checks accounts, domains, fixtures, schemas and references, gives
//! out fixture slices, and checks what plugins return against the same rules.
//!
//! Never: I/O after start-up; knowledge of any trade.

mod account;
mod domain;

pub use account::{Account, FixtureSlice, Location, Outlet, Owner};
pub use domain::{Domain, LimitOverrides};
