//! The values that cross the border between host and plugin, as plain Rust.
//!
//! They mirror the `types` interface of `wit/levain-domain.wit`, whose comments are normative; here
//! text that has a meaning is typed already. A plugin and its tests see these types only, so the same
//! code runs natively and in the sandbox.

use uuid::Uuid;

use crate::time::{Clock, Micros};

/// All records of one entity of one tenant: the unit of data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The entity's slug.
    pub entity: String,
    /// The records: the text of one JSON array of objects.
    pub rows: String,
}

/// What a session is, for one call of one domain of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionContext {
    /// The session's public name. It must not influence a record.
    pub session_id: String,
    /// The account's slug in the catalog.
    pub account_type: String,
    /// The tenant that the fixtures were written for.
    pub base_tenant_id: Uuid,
    /// The virtual tenant: every record's `tenant_id`, and the namespace its ids derive from.
    pub tenant_id: Uuid,
    /// The virtual tenant of the group's head, where this tenant is an outlet of one.
    pub parent_tenant_id: Option<Uuid>,
    /// The outlet's slug, where this tenant is an outlet.
    pub outlet: Option<String>,
    /// The data clock: the instant that the data is told from.
    pub session_created_at: Micros,
    /// The instant that the fixtures describe.
    pub base_reference: Micros,
}

impl SessionContext {
    /// The two instants that every time rule is relative to.
    pub const fn clock(&self) -> Clock {
        Clock {
            now: self.session_created_at,
            base: self.base_reference,
        }
    }
}

/// A segment that the host holds and lets a trigger read: records as they are stored, with the
/// session's own ids and times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldSegment {
    /// The tenant that it belongs to.
    pub tenant_id: Uuid,
    /// The domain that owns it.
    pub domain: String,
    /// The entity's slug.
    pub entity: String,
    /// The records: the text of one JSON array of objects.
    pub rows: String,
}

/// How many records of an entity are held for a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityCount {
    /// The entity's slug.
    pub entity: String,
    /// The number of records.
    pub records: u32,
}

/// What `cleanup` wants done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CleanupPlan {
    /// The entities to delete, dependents first, each with the number of records expected.
    pub deletions: Vec<EntityCount>,
    /// What an operator should know; kept in the audit.
    pub notices: Vec<String>,
}

/// A fixture that the plugin cannot work with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{entity}{}: {reason}", .record.as_ref().map(|record| format!(", record {record}")).unwrap_or_default())]
pub struct FixtureFault {
    /// The entity's slug.
    pub entity: String,
    /// The record's id, or its position in the segment (`#0` is the first) where it has none.
    pub record: Option<String>,
    /// What is wrong, in which field, and what was expected.
    pub reason: String,
}

/// Why a plugin gave no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginError {
    /// The fixture slice is not what the plugin was written for.
    #[error("invalid fixture: {0}")]
    InvalidFixture(FixtureFault),
    /// The plugin does not do what was asked.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// The plugin tried and failed.
    #[error("failed: {0}")]
    Failed(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl PluginError {
    /// The answer to a trigger that a plugin does not have. `phase` is the function that was called.
    pub fn no_trigger(phase: &str, trigger: &str) -> Self {
        Self::Unsupported(format!(
            "this plugin has no trigger `{trigger}` for {phase}"
        ))
    }
}

impl From<FixtureFault> for PluginError {
    fn from(fault: FixtureFault) -> Self {
        Self::InvalidFixture(fault)
    }
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}
