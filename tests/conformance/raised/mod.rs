//! What the triggers make, held against calculations of the same figures and alerts by other means: from
//! the specification (domain specification, sections 4.1 and 5), over exported records.

mod alerts;
mod edits;
mod exact;
mod group;
mod kpis;
mod matrix;
mod weeks;

pub(super) use group::Group;
pub(super) use matrix::{of_the_bakery, of_the_group};
