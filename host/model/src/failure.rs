//! Why a domain or a trigger failed.

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, first_faults, shortened};

/// Why a clone or a trigger failed. Never longer than [`Failure::MOST_BYTES`], whatever a plugin returned: it goes
/// into responses and logs, and stays in the ledger for weeks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable code: `timeout`, `memory_limit`, `trap`, `invalid_output`, ...
    pub code: String,
    /// What happened and what to do, in a sentence or two.
    pub message: String,
    /// The faults of its records, at most a page of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    #[serde(default)]
    pub fault_count: u32,
}

impl Failure {
    /// The most bytes of a failure, its faults in JSON.
    pub const MOST_BYTES: usize = 16 << 10;
    /// The most bytes of its message.
    const MESSAGE: usize = 2 << 10;

    /// A failure without faults. A message that is too long is cut, with a mark.
    #[must_use]
    pub fn new(code: &str, message: impl std::fmt::Display) -> Self {
        Self {
            code: code.to_owned(),
            message: shortened(message, Self::MESSAGE),
            faults: Vec::new(),
            fault_count: 0,
        }
    }

    /// A failure with the first of its `total` faults, as many as fit. Its message shows the first.
    #[must_use]
    pub fn of_faults(code: &str, faults: Vec<Fault>, total: usize) -> Self {
        let first = faults.first().map(Fault::to_string).unwrap_or_default();
        let message = match total {
            1 => first,
            _ => format!("{total} faults, the first: {first}"),
        };
        let error = Self::new(code, message);
        let left = Self::MOST_BYTES - Self::MESSAGE;
        Self {
            faults: first_faults(faults, left),
            fault_count: u32::try_from(total).unwrap_or(u32::MAX),
            ..error
        }
    }
}
