//! What was deleted, and what was cloned again.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Counts, total};
use crate::sessions::Destroyed;
use levain_model::{DomainOutcome, DomainStatus, EntityCounts, SessionStatus};

/// What became of a session that was deleted.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Deletion)]
pub struct DeletionView {
    /// The session.
    session_id: String,
    /// `DESTROYED`.
    status: SessionStatus,
    /// Records that this call deleted; none where an earlier one had.
    records_deleted: u64,
    /// How long it took, in milliseconds.
    #[schema(minimum = 0)]
    duration_ms: f64,
}

impl From<Destroyed> for DeletionView {
    fn from(destroyed: Destroyed) -> Self {
        Self {
            session_id: destroyed.session_id,
            status: destroyed.status,
            records_deleted: destroyed.records_deleted,
            duration_ms: destroyed.duration_ms,
        }
    }
}

/// What was deleted of one domain of a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = DomainDeletion)]
pub struct DomainDeletionView {
    /// The domain.
    service: String,
    /// Whether there was anything to delete.
    status: DomainDeletionStatus,
    /// The tenant.
    virtual_tenant_id: Uuid,
    /// Records per entity, and their `total`.
    records_deleted: Counts,
    /// How long it took, in milliseconds.
    #[schema(minimum = 0)]
    duration_ms: f64,
}

/// Whether there was anything to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DomainDeletionStatus {
    /// There was, and it is gone.
    Deleted,
    /// There was nothing.
    NotFound,
}

impl DomainDeletionView {
    /// What was deleted, and in how many milliseconds.
    #[must_use]
    pub fn new(domain: String, tenant_id: Uuid, deleted: &EntityCounts, duration_ms: f64) -> Self {
        Self {
            service: domain,
            status: match deleted.is_empty() {
                true => DomainDeletionStatus::NotFound,
                false => DomainDeletionStatus::Deleted,
            },
            virtual_tenant_id: tenant_id,
            records_deleted: Counts::with_total(deleted),
            duration_ms,
        }
    }
}

/// One domain of a session that was cloned again.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = DomainClone)]
pub struct DomainCloneView {
    /// The domain.
    service: String,
    /// `completed`.
    status: DomainStatus,
    /// Records of all its entities.
    records_cloned: u64,
    /// How long it took, in milliseconds.
    #[schema(minimum = 0)]
    duration_ms: Option<f64>,
    /// Records per entity.
    details: Counts,
}

impl From<DomainOutcome> for DomainCloneView {
    fn from(service: DomainOutcome) -> Self {
        Self {
            status: service.status,
            records_cloned: total(&service.records),
            duration_ms: service.duration_ms,
            details: Counts::from(&service.records),
            service: service.domain,
        }
    }
}
