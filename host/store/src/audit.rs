//! The audit of a cleanup: what it deleted, how long it took, and remarks on the plans.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::expect::corrupt;
use super::{DeletedSegment, RepoError};

/// A row of `demo_cleanup_audit`.
#[derive(Debug)]
pub(super) struct Audit {
    pub(super) id: Uuid,
    pub(super) started_at: DateTime<Utc>,
    pub(super) completed_at: DateTime<Utc>,
    pub(super) duration_ms: f64,
    pub(super) records_deleted: i64,
    /// JSON: per tenant and domain, the status and the records deleted.
    pub(super) service_results: String,
    /// SUCCESS, PARTIAL or FAILED.
    pub(super) status: &'static str,
    /// JSON: a list of sentences.
    pub(super) error_details: Option<String>,
}

impl Audit {
    /// Of a deletion that is about to be committed.
    pub(super) fn of_deletion(
        now: DateTime<Utc>,
        took: Duration,
        deleted: &[DeletedSegment],
        remarks: &[String],
    ) -> Result<Self, RepoError> {
        Ok(Self {
            completed_at: now + TimeDelta::from_std(took).unwrap_or_default(),
            duration_ms: took.as_secs_f64() * 1000.0,
            records_deleted: deleted.iter().map(|gone| i64::from(gone.records)).sum(),
            service_results: results(deleted).to_string(),
            status: if remarks.is_empty() {
                "SUCCESS"
            } else {
                "PARTIAL"
            },
            error_details: details(remarks)?,
            ..Self::begun(now)
        })
    }

    /// Of a cleanup that deleted nothing.
    pub(super) fn of_failure(now: DateTime<Utc>, reason: &str) -> Result<Self, RepoError> {
        Ok(Self {
            status: "FAILED",
            error_details: details(&[reason.to_owned()])?,
            ..Self::begun(now)
        })
    }

    fn begun(now: DateTime<Utc>) -> Self {
        Self {
            id: Uuid::new_v4(),
            started_at: now,
            completed_at: now,
            duration_ms: 0.0,
            records_deleted: 0,
            service_results: "{}".to_owned(),
            status: "SUCCESS",
            error_details: None,
        }
    }
}

fn details(remarks: &[String]) -> Result<Option<String>, RepoError> {
    match remarks {
        [] => Ok(None),
        remarks => serde_json::to_string(remarks)
            .map(Some)
            .map_err(|error| corrupt("error_details", &error)),
    }
}

/// One line per tenant, domain and entity, in this order: an entity's parts are counted together.
pub(super) fn by_entity(parts: Vec<DeletedSegment>) -> Vec<DeletedSegment> {
    let mut sums: BTreeMap<(Uuid, String, String), u32> = BTreeMap::new();
    for part in parts {
        let sum = sums
            .entry((part.tenant_id, part.domain, part.entity))
            .or_default();
        *sum = sum.saturating_add(part.records);
    }
    sums.into_iter()
        .map(|((tenant_id, domain, entity), records)| DeletedSegment {
            tenant_id,
            domain,
            entity,
            records,
        })
        .collect()
}

/// `{tenant: {domain: {status, records_deleted: {entity: n, total}}}}`.
fn results(deleted: &[DeletedSegment]) -> Value {
    let mut tenants: BTreeMap<String, BTreeMap<&str, BTreeMap<&str, u64>>> = BTreeMap::new();
    for gone in deleted {
        let counts = tenants
            .entry(gone.tenant_id.to_string())
            .or_default()
            .entry(&gone.domain)
            .or_default();
        counts.insert(&gone.entity, u64::from(gone.records));
        *counts.entry("total").or_default() += u64::from(gone.records);
    }
    let domain =
        |counts: &BTreeMap<&str, u64>| json!({ "status": "deleted", "records_deleted": counts });
    tenants
        .iter()
        .map(|(tenant, domains)| {
            let domains: Map<_, _> = domains
                .iter()
                .map(|(name, counts)| ((*name).to_owned(), domain(counts)))
                .collect();
            (tenant.clone(), Value::Object(domains))
        })
        .collect::<Map<_, _>>()
        .into()
}
