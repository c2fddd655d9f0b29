//! The faults that a refusal lists: the first few, and how many more there are.

use serde::Serialize;
use utoipa::ToSchema;

use levain_model::fault::shortened;

/// Faults that one refusal lists.
pub(in crate::http) const MOST_LISTED: usize = 20;

/// Bytes of a fault's place.
const LONGEST_PLACE: usize = 300;

/// Bytes of what is wrong with it.
const LONGEST_DETAIL: usize = 1000;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Violation {
    /// Where in the body, as a JSON pointer (RFC 6901); empty for the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "/demo_account_type")]
    pub pointer: Option<String>,
    /// Which parameter of the path or the query, or which header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "limit")]
    pub parameter: Option<String>,
    /// What is wrong with it.
    pub detail: String,
}

impl Violation {
    /// A fault of the body.
    pub fn at(pointer: impl AsRef<str>, detail: impl AsRef<str>) -> Self {
        Self {
            pointer: Some(shortened(pointer.as_ref(), LONGEST_PLACE)),
            parameter: None,
            detail: shortened(detail.as_ref(), LONGEST_DETAIL),
        }
    }

    /// A fault of a parameter or a header.
    pub fn of(parameter: impl AsRef<str>, detail: impl AsRef<str>) -> Self {
        Self {
            pointer: None,
            parameter: Some(shortened(parameter.as_ref(), LONGEST_PLACE)),
            detail: shortened(detail.as_ref(), LONGEST_DETAIL),
        }
    }
}

/// A list of faults that keeps the first 20 and counts the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations {
    kept: Vec<Violation>,
    total: usize,
}

impl Violations {
    /// Adds a fault. `describe` runs only where the fault is kept: to describe one costs more than to count it.
    pub(in crate::http) fn add(&mut self, describe: impl FnOnce() -> Violation) {
        self.total += 1;
        if self.kept.len() < MOST_LISTED {
            self.kept.push(describe());
        }
    }

    /// Whether there is none.
    pub(in crate::http) const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// What they are, in a sentence.
    pub(super) fn summary(&self) -> String {
        match (self.kept.as_slice(), self.total) {
            ([only], 1) => only.detail.clone(),
            (_, total) => format!("the request has {total} faults"),
        }
    }

    /// Those that are listed, and how many are not.
    pub(in crate::http) fn into_parts(self) -> (Vec<Violation>, usize) {
        let left = self.total - self.kept.len();
        (self.kept, left)
    }
}

impl From<Vec<Violation>> for Violations {
    fn from(mut all: Vec<Violation>) -> Self {
        let total = all.len();
        all.truncate(MOST_LISTED);
        Self { kept: all, total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unlisted_faults_are_not_described() {
        let mut described = 0;
        let mut faults = Violations::default();
        for number in 0..32_000 {
            faults.add(|| {
                described += 1;
                Violation::of("x", format!("fault {number}"))
            });
        }
        assert_eq!(described, MOST_LISTED);
        assert_eq!(faults.summary(), "the request has 32000 faults");
        let (kept, left) = faults.into_parts();
        assert_eq!((kept.len(), left), (MOST_LISTED, 32_000 - MOST_LISTED));
    }

    #[test]
    fn fault_text_is_bounded() {
        let long = "\u{1b}".repeat(100_000);
        let fault = Violation::of(&long, &long);
        assert!(fault.parameter.unwrap().len() < 2_000);
        assert!(fault.detail.len() < 7_000);
    }
}
