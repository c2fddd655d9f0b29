//! One thing that is wrong with a fixture or with a plugin's output: what, where, by which rule.
//!
//! A fault goes into answers, ledger rows and logs, and most of its words are a guest's: each part of it is bounded
//! where it is made.

mod nearest;
mod text;

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

pub use nearest::nearest;
pub use text::CUT;
pub use text::{shortened, within};

/// The most bytes of each part of a fault.
mod most {
    pub(super) const SOURCE: usize = 240;
    pub(super) const POINTER: usize = 240;
    pub(super) const RULE: usize = 80;
    pub(super) const MESSAGE: usize = 800;
    pub(super) const VALUE: usize = 160;
}

/// One fault, precise enough to be mended from its text alone. No part of it is longer than a few lines, and none has
/// a control character in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Where the data stands: a fixture's path, or `domain.entity` of a plugin's output.
    pub source: String,
    /// The JSON pointer (RFC 6901) into that source; empty for the whole.
    pub pointer: String,
    /// The rule that was broken: `json`, `schema`, `reference`, `unique`, `marker`, or a rule's own name.
    pub rule: String,
    /// What is wrong and what was expected.
    pub message: String,
    /// The offending value, shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Fault {
    /// A fault without a value. What is longer than a fault may be is cut, and says so.
    pub fn new(
        source: impl fmt::Display,
        pointer: impl fmt::Display,
        rule: impl fmt::Display,
        message: impl fmt::Display,
    ) -> Self {
        Self {
            source: shortened(source, most::SOURCE),
            pointer: shortened(pointer, most::POINTER),
            rule: shortened(rule, most::RULE),
            message: shortened(message, most::MESSAGE),
            value: None,
        }
    }

    /// Adds the offending value, shortened to what a line can hold.
    #[must_use]
    pub fn with_value(mut self, value: &serde_json::Value) -> Self {
        self.value = Some(shortened(value, most::VALUE));
        self
    }

    /// Its size in JSON, in bytes.
    fn size(&self) -> usize {
        serde_json::to_string(self).map_or(usize::MAX, |text| text.len())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        if !self.pointer.is_empty() {
            write!(f, "#{}", self.pointer)?;
        }
        write!(f, ": [{}] {}", self.rule, self.message)?;
        if let Some(value) = &self.value {
            write!(f, " (value: {value})")?;
        }
        Ok(())
    }
}

/// Faults that keep something from being used; the command that meets them lists them all and
/// exits with 1.
#[derive(Debug, thiserror::Error)]
#[error("{} {} in {subject}", faults.len(), if faults.len() == 1 { "fault" } else { "faults" })]
pub struct Faults {
    /// What they are in: a catalog's file, the components.
    pub subject: String,
    /// All of them.
    pub faults: Vec<Fault>,
}

/// A list of faults that keeps the first few and counts them all: an output that is wrong in every
/// record must not fill the memory with saying so.
#[derive(Debug, Clone, Default)]
pub struct FaultList {
    kept: Vec<Fault>,
    total: usize,
    limit: usize,
}

impl FaultList {
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            kept: Vec::new(),
            total: 0,
            limit,
        }
    }

    pub fn push(&mut self, fault: Fault) {
        self.total += 1;
        if self.kept.len() < self.limit {
            self.kept.push(fault);
        }
    }

    /// Counts a fault that is not described.
    pub fn count(&mut self) {
        self.total += 1;
    }

    /// Whether no further fault is kept.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.kept.len() >= self.limit
    }

    #[must_use]
    pub fn total(&self) -> usize {
        self.total
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Those that were kept, and how many there were.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Fault>, usize) {
        (self.kept, self.total)
    }
}

/// The first of some faults, as many as `most` bytes of JSON hold.
#[must_use]
pub fn first_faults(faults: Vec<Fault>, most: usize) -> Vec<Fault> {
    let mut left = most;
    let fits = |fault: &Fault| {
        let room = left.checked_sub(fault.size());
        left = room.unwrap_or_default();
        room.is_some()
    };
    faults.into_iter().take_while(fits).collect()
}

/// An error and its causes, for a log or a ledger: each says its own part only.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
