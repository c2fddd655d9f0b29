//! One requirement: its result, its threshold and its verdict.

use serde::Serialize;
use serde_json::Value;

/// Whether a requirement is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Met,
    Missed,
    /// Not checked, although it should have been.
    Skipped,
    /// Not checked, as requested.
    Waived,
    /// The catalog sets no threshold.
    Open,
}

impl Verdict {
    /// Met or missed.
    pub(super) fn of(is_met: bool) -> Self {
        if is_met { Self::Met } else { Self::Missed }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "MISSED",
            Self::Skipped => "SKIPPED",
            Self::Waived => "waived",
            Self::Open => "-",
        }
    }

    /// Whether the host passes as far as this goes.
    pub(super) const fn passes(self) -> bool {
        match self {
            Self::Met | Self::Waived | Self::Open => true,
            Self::Missed | Self::Skipped => false,
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Requirement {
    pub(super) requirement: &'static str,
    /// What was found, in words.
    pub(super) result: String,
    /// The number behind these words; null where there is none.
    pub(super) measured: Value,
    /// What was demanded, in words.
    pub(super) threshold: String,
    pub(super) verdict: Verdict,
    /// What is wrong in detail, the first of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) details: Vec<String>,
}

/// How many details are kept.
const KEPT: usize = 5;

impl Requirement {
    pub(super) fn new(
        requirement: &'static str,
        result: String,
        measured: impl Into<Value>,
        threshold: impl Into<String>,
        verdict: Verdict,
    ) -> Self {
        Self {
            requirement,
            result,
            measured: measured.into(),
            threshold: threshold.into(),
            verdict,
            details: Vec::new(),
        }
    }

    /// With the first of what is wrong.
    pub(super) fn with_details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details = details.into_iter().take(KEPT).collect();
        self
    }
}
