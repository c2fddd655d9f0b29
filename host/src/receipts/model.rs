//! The content of a receipt.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::{FORM, ReceiptError};
use levain_model::{DomainStatus, Part, Session, StoredSegment, Tenant, TriggerStatus, sha256_hex};
use levain_store::Replaced;

/// What a session was created from. Two sessions of one tenant and data clock that were created by the same
/// components from the same fixtures have the same digests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The version of this document's format: 1.
    pub form: u32,
    /// The SHA-256 of the session's id. The id itself opens the session, and a receipt is passed on.
    pub session_digest: String,
    pub account: String,
    /// The digest of the catalog: fixtures, schemas, rules.
    pub catalog_digest: String,
    /// The host and the engine that ran the components.
    pub engine: String,
    /// The data clock.
    pub session_created_at: DateTime<Utc>,
    /// The instant that the fixtures describe.
    pub base_reference: DateTime<Utc>,
    /// The revision of the registry of plugins that the session is wholly of; `None` from before there
    /// were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin_revision: Option<u32>,
    /// Counts the changes of the session's data: 1 at creation.
    pub epoch: u32,
    /// When this was written, on the wall clock.
    pub sealed_at: DateTime<Utc>,
    /// The session's tenants, in its order.
    pub tenants: Vec<TenantReceipt>,
}

/// What one tenant was created from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TenantReceipt {
    pub tenant_id: Uuid,
    /// The tenant that its fixtures were written for.
    pub base_tenant_id: Uuid,
    /// The outlet's slug; `None` for the account's own tenant.
    pub outlet: Option<String>,
    /// Every call that created its data, clones first.
    pub calls: Vec<CallReceipt>,
    /// Its segments, sorted by domain, entity and part.
    pub segments: Vec<SegmentReceipt>,
}

/// One call of one component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallReceipt {
    /// The domain whose component was called.
    pub domain: String,
    /// The trigger's slug; `None` for a clone.
    pub trigger: Option<String>,
    /// The SHA-256 of the component.
    pub component_digest: Option<String>,
    /// The digest of the fixture slice that a clone was prepared with.
    pub fixture_digest: Option<String>,
    /// How long call and checks took, in microseconds. A receipt has whole numbers only: they are read back
    /// as they were written.
    pub duration_us: Option<u64>,
    /// The largest linear memory that the component held, in bytes.
    pub peak_memory_bytes: Option<u64>,
}

/// One segment, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SegmentReceipt {
    pub domain: String,
    pub entity: String,
    /// The slug of the trigger that created it; empty for a clone.
    pub part: String,
    /// The number of its records.
    pub records: u32,
    /// The length of its text in bytes.
    pub bytes: u64,
    /// The SHA-256 of its text.
    pub sha256: String,
}

/// Facts of a receipt that are not in the session's row.
#[derive(Debug, Clone)]
pub struct Circumstances {
    pub engine: String,
    /// The instant that the fixtures describe.
    pub base_reference: DateTime<Utc>,
    /// Now, on the wall clock.
    pub now: DateTime<Utc>,
}

impl Receipt {
    /// The receipt of a session with these segments.
    #[must_use]
    pub fn of(session: &Session, segments: &[StoredSegment], by: Circumstances) -> Self {
        let tenants = session.tenants.iter().map(|tenant| {
            let own = segments
                .iter()
                .filter(|held| held.tenant_id == tenant.tenant_id);
            TenantReceipt::of(tenant, own.map(SegmentReceipt::of).collect())
        });
        Self {
            form: FORM,
            session_digest: sha256_hex(session.session_id.as_bytes()),
            account: session.account.clone(),
            catalog_digest: session.catalog_digest.clone(),
            engine: by.engine,
            session_created_at: session.session_created_at,
            base_reference: by.base_reference,
            plugin_revision: (session.plugin_revision > 0).then_some(session.plugin_revision),
            epoch: session.epoch,
            sealed_at: by.now,
            tenants: tenants.collect(),
        }
    }

    /// The receipt after some of the session's data was replaced; the rest is taken from `self`.
    #[must_use]
    pub fn after(
        &self,
        session: &Session,
        replaced: Replaced<'_>,
        segments: &[StoredSegment],
        by: Circumstances,
    ) -> Self {
        let mut after = Self::of(session, segments, by);
        after.epoch = session.epoch.saturating_add(1);
        let Replaced::Parts(parts) = replaced else {
            return after;
        };
        for tenant in &mut after.tenants {
            let before = self
                .tenants
                .iter()
                .find(|held| held.tenant_id == tenant.tenant_id);
            let kept = before.into_iter().flat_map(|before| &before.segments);
            let stays = |held: &&SegmentReceipt| {
                !parts.iter().any(|part| held.is_of(tenant.tenant_id, part))
            };
            let kept: Vec<SegmentReceipt> = kept.filter(stays).cloned().collect();
            tenant.segments.extend(kept);
            tenant.segments.sort();
        }
        after
    }

    /// Reads a sealed receipt of this host without checking its signature.
    ///
    /// # Errors
    /// [`ReceiptError::Unreadable`].
    pub fn read(document: &str) -> Result<Self, ReceiptError> {
        #[derive(Deserialize)]
        struct Sealed {
            receipt: Receipt,
        }
        let sealed: Sealed = serde_json::from_str(document).map_err(ReceiptError::Unreadable)?;
        Ok(sealed.receipt)
    }

    /// Its entry for a segment.
    #[must_use]
    pub fn segment(&self, held: &StoredSegment) -> Option<&SegmentReceipt> {
        let tenant = self
            .tenants
            .iter()
            .find(|tenant| tenant.tenant_id == held.tenant_id)?;
        tenant.segments.iter().find(|told| told.names(held))
    }
}

impl TenantReceipt {
    fn of(tenant: &Tenant, mut segments: Vec<SegmentReceipt>) -> Self {
        segments.sort();
        let cloned = tenant
            .services
            .iter()
            .filter(|service| service.status == DomainStatus::Completed)
            .map(|service| CallReceipt {
                domain: service.domain.clone(),
                trigger: None,
                component_digest: service.plugin_digest.clone(),
                fixture_digest: service.fixture_digest.clone(),
                duration_us: micros(service.duration_ms),
                peak_memory_bytes: service.peak_memory_bytes,
            });
        let raised = tenant
            .triggers
            .iter()
            .filter(|row| row.status == TriggerStatus::Completed)
            .map(|row| CallReceipt {
                domain: row.domain.clone(),
                trigger: Some(row.trigger.clone()),
                component_digest: row.plugin_digest.clone(),
                fixture_digest: None,
                duration_us: micros(row.duration_ms),
                peak_memory_bytes: row.peak_memory_bytes,
            });
        Self {
            tenant_id: tenant.tenant_id,
            base_tenant_id: tenant.base_tenant_id,
            outlet: tenant.outlet.clone(),
            calls: cloned.chain(raised).collect(),
            segments,
        }
    }
}

fn micros(duration_ms: Option<f64>) -> Option<u64> {
    // `as` saturates: a negative duration and NaN become 0.
    duration_ms.map(|duration| (duration * 1e3).round() as u64)
}

impl SegmentReceipt {
    fn of(held: &StoredSegment) -> Self {
        Self {
            domain: held.domain.clone(),
            entity: held.entity.clone(),
            part: held.part.clone(),
            records: held.records,
            bytes: held.rows.len() as u64,
            sha256: held.digest.clone(),
        }
    }

    /// Whether it names this segment of the same tenant.
    fn names(&self, held: &StoredSegment) -> bool {
        (&self.domain, &self.entity, &self.part) == (&held.domain, &held.entity, &held.part)
    }

    fn is_of(&self, tenant_id: Uuid, part: &Part) -> bool {
        part.tenant_id == tenant_id && part.domain == self.domain && part.part == self.part
    }
}
