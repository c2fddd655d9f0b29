//! Triggers: functions of plugins that the host calls after cloning, and what each may read and write.

use std::fmt;
use std::time::Duration;

use levain_model::Phase;

/// The fields of a phase's products that the host itself reads.
pub(super) const fn fields(phase: Phase) -> &'static [&'static str] {
    match phase {
        Phase::Alerts => &[STATUS, "severity", "type", OUTLET],
        Phase::Insights => &["type"],
        Phase::Kpis => &[KPI_NAME, "scope", "value", OUTLET],
    }
}

/// The field of a product with its status; counted if present.
pub(super) const STATUS: &str = "status";
/// The field of a product that names the outlet that it is about; null for the tenant itself.
pub(super) const OUTLET: &str = "outlet";
/// The field of a KPI with the name of its figure.
pub(super) const KPI_NAME: &str = "kpi";

/// An entity of a domain: `domain.entity` in the catalog.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityRef {
    pub domain: String,
    pub entity: String,
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.domain, self.entity)
    }
}

/// Whose records a trigger receives, relative to the tenant that it is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// The tenant's own.
    Own,
    /// Those of the head of its group, where it is an outlet.
    Parent,
    /// Those of all outlets, where it is the head of a group.
    Outlets,
}

impl Relation {
    /// All of them, in the order in which segments are passed.
    pub const ALL: [Self; 3] = [Self::Own, Self::Parent, Self::Outlets];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Parent => "parent",
            Self::Outlets => "outlets",
        }
    }
}

/// One entity that a trigger receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The entity; one of a triggered domain only if an earlier phase creates it.
    pub entity: EntityRef,
    /// Of which tenants, in the order of [`Relation::ALL`]; at least one.
    pub from: Vec<Relation>,
}

/// A function of a plugin that the host calls once per tenant in which the plugin's domain takes
/// part, after all clones. Its products (alerts, insights or KPIs) are stored for that tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its unique name, which the plugin receives.
    pub slug: String,
    /// The domain whose plugin is called.
    pub domain: String,
    /// When it is called, and what it creates.
    pub phase: Phase,
    /// The path that runs it again: `/services/{domain}/internal/{path}/trigger`.
    /// Without one, it cannot be run again.
    pub path: Option<String>,
    /// The entity that it writes; the same for all triggers of a phase.
    pub writes: EntityRef,
    /// The entities that it receives, in the order of the catalog.
    pub reads: Vec<Read>,
    /// The KPIs that it computes; empty in the other phases.
    pub figures: Vec<String>,
    /// The longest that one call may take.
    pub timeout: Duration,
}
