//! The phases of triggers.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When a trigger is called, and what it creates. The phases run in this order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = TriggerPhase)]
pub enum Phase {
    /// Alerts: what somebody should act on.
    Alerts,
    /// Insights: what the records show.
    Insights,
    /// KPIs: the figures that sum it up.
    Kpis,
}

impl Phase {
    /// All of them, in their order.
    pub const ALL: [Self; 3] = [Self::Alerts, Self::Insights, Self::Kpis];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alerts => "alerts",
            Self::Insights => "insights",
            Self::Kpis => "kpis",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
