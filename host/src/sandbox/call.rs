//! The arguments and results of a call into a plugin.

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use levain_model::EntityCount;
use uuid::Uuid;

/// Whom a call is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A visitor's session: a call that fails is counted, since an operator wants to know.
    Session,
    /// A proof or a verification: failures are reported to its caller and not counted.
    Rehearsal,
}

/// The context of a call; every generation of the contract has its own form of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallContext {
    /// The domain, for the log and failures; not passed to the plugin.
    pub domain: String,
    /// The purpose; not passed to the plugin.
    pub purpose: Purpose,
    /// The session's name, shortened as it may be logged.
    pub session_id: String,
    /// The account's slug.
    pub account: String,
    /// The tenant that the fixtures were written for.
    pub base_tenant_id: Uuid,
    /// The virtual tenant.
    pub tenant_id: Uuid,
    /// The virtual tenant of the group's head.
    pub parent_tenant_id: Option<Uuid>,
    /// The outlet's slug.
    pub outlet: Option<String>,
    /// The data clock.
    pub session_created_at: DateTime<Utc>,
    /// The instant the fixtures describe.
    pub base_reference: DateTime<Utc>,
}

/// A segment that the host holds and lets a trigger read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldSegment<'h> {
    /// The tenant that it belongs to.
    pub tenant_id: Uuid,
    /// The domain that owns it.
    pub domain: &'h str,
    /// The entity's slug.
    pub entity: &'h str,
    /// One JSON array of objects.
    pub rows: Cow<'h, str>,
}

/// What one call cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CallCost {
    /// From instantiation to the lifted result.
    pub duration: Duration,
    /// The largest linear memory that the guest held.
    pub peak_memory_bytes: usize,
    /// Log lines that were dropped because they were over the limit.
    pub dropped_log_lines: u32,
}

/// A plugin's plan for the end of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanupPlan {
    /// What it wants deleted, dependents first.
    pub deletions: Vec<EntityCount>,
    /// What an operator should know.
    pub notices: Vec<String>,
}
