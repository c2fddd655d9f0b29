//! Constraints beyond JSON Schema, as data: the closed set of `x-rules` of a schema.

mod check;
mod load;

pub(super) use check::{RuleState, check};
pub(super) use load::load;

/// One rule of an entity's records.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) demand: Demand,
}

/// What a rule demands. A null or absent field satisfies it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Demand {
    /// One date is before another, or (`strict` unset) equal to it.
    Order {
        left: String,
        right: String,
        strict: bool,
    },
    /// A number is at most another times a factor.
    AtMost {
        left: String,
        right: String,
        factor: f64,
    },
    /// No two records of a tenant have the same values.
    Unique { fields: Vec<String> },
    /// A code for people: prefix, the UTC day of a date of the record, six characters that derive
    /// from the base id (domain specification, section 6). A fixture's code has the form only, since
    /// its date may be a marker.
    Code {
        field: String,
        prefix: String,
        date: String,
    },
}
