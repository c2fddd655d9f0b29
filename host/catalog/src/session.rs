//! The inputs and results of the checks of clones, triggers and sessions.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Catalog;
use super::reference::{self, Extract, Kin, Resolution};
use levain_model::fault::{Fault, FaultList};
use levain_model::{Segment, StoredSegment};

/// One tenant of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantScope {
    pub account: String,
    pub tenant_id: Uuid,
    /// The tenant that the fixtures were written for.
    pub base_tenant_id: Uuid,
    /// The outlet's slug, where the tenant is an outlet.
    pub outlet: Option<String>,
    /// The virtual tenant of the group's head, where the tenant is an outlet.
    pub parent_tenant_id: Option<Uuid>,
    /// The data clock.
    pub session_created_at: DateTime<Utc>,
}

/// One domain of one tenant, checked except for its references.
#[derive(Debug, Clone)]
pub struct CheckedDomain {
    pub domain: String,
    /// Its segments, ready to be stored, as the plugin ordered them.
    pub segments: Vec<StoredSegment>,
    /// The parts of its records that references need.
    pub(super) extracts: Vec<Extract>,
}

/// The checked output of a trigger for one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedProduct {
    /// Its segments, ready to be stored; their part is the trigger's slug.
    pub segments: Vec<StoredSegment>,
    /// Records per value of `status`; empty if records have none.
    pub by_status: BTreeMap<String, u32>,
}

/// One tenant of a session with the domains that were cloned.
#[derive(Debug, Clone)]
pub struct CheckedTenant {
    pub scope: TenantScope,
    /// Its domains by slug, without those that failed.
    pub domains: BTreeMap<String, CheckedDomain>,
}

impl CheckedTenant {
    /// A tenant without cloned domains.
    #[must_use]
    pub fn new(scope: TenantScope) -> Self {
        Self {
            scope,
            domains: BTreeMap::new(),
        }
    }
}

/// The exports of one tenant of a session.
#[derive(Debug, Clone)]
pub struct TenantExport {
    pub scope: TenantScope,
    /// Its domains, including those that triggers fill.
    pub domains: Vec<DomainExport>,
}

/// The export of one domain of a tenant.
#[derive(Debug, Clone)]
pub struct DomainExport {
    pub domain: String,
    /// One segment per entity, with the records of all its triggers.
    pub segments: Vec<Segment>,
}

/// The result of checking the exports of a whole session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionReport {
    /// Records of the domains and triggers that passed.
    pub records: u64,
    /// References into missing domains.
    pub unavailable: u32,
    /// The first faults, at most [`Rejection::KEPT`].
    pub faults: Vec<Fault>,
    pub total: usize,
}

/// Why a plugin's output is rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{total} {} in what the plugin returned", if *total == 1 { "fault" } else { "faults" })]
pub struct Rejection {
    /// The first faults, at most [`Rejection::KEPT`].
    pub faults: Vec<Fault>,
    pub total: usize,
    /// Whether the check stopped at too many records.
    pub too_many: bool,
}

impl Rejection {
    /// How many faults are kept.
    pub const KEPT: usize = 50;

    /// # Errors
    /// The rejection, where there are faults.
    pub(super) fn of(faults: FaultList, too_many: bool) -> Result<(), Self> {
        if faults.is_empty() {
            return Ok(());
        }
        let (faults, total) = faults.into_parts();
        Err(Self {
            faults,
            total,
            too_many,
        })
    }
}

/// The result of resolving a session's references, per tenant and domain; every existing domain
/// has an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReferenceReport {
    /// By virtual tenant and domain.
    pub domains: BTreeMap<(Uuid, String), ReferenceFindings>,
}

/// The result of resolving the references of one domain of one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReferenceFindings {
    /// The first faults, at most [`Rejection::KEPT`].
    pub faults: Vec<Fault>,
    pub total: usize,
    /// References into domains that are missing, or that fail in this same report.
    pub unavailable: u32,
}

impl ReferenceReport {
    /// Whether no reference is a fault.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.domains.values().all(|findings| findings.total == 0)
    }
}

/// The counts of one domain while its references are resolved.
#[derive(Default)]
struct Tally<'t> {
    faults: FaultList,
    unavailable: u32,
    /// Valid references, by the index of the tenant and the domain that they lead to.
    resolved: BTreeMap<(usize, &'t str), u32>,
}

/// Resolves all references of a session's tenants.
pub(super) fn check_references(
    catalog: &Catalog,
    instant: DateTime<Utc>,
    tenants: &[CheckedTenant],
) -> ReferenceReport {
    let views = views(catalog, tenants);
    let mut tallies: BTreeMap<(usize, &str), Tally<'_>> = tenants
        .iter()
        .enumerate()
        .flat_map(|(place, tenant)| {
            tenant
                .domains
                .keys()
                .map(move |domain| (place, domain.as_str()))
        })
        .map(|key| {
            (
                key,
                Tally {
                    faults: FaultList::new(Rejection::KEPT),
                    ..Tally::default()
                },
            )
        })
        .collect();
    let entities = &catalog.entities;
    reference::resolve(
        &catalog.references,
        entities,
        instant.timestamp_micros(),
        &views,
        |edge, verdict| {
            let Some((domain, entity)) = entities.get(edge.entity) else {
                return;
            };
            let Some(tally) = tallies.get_mut(&(edge.tenant, domain)) else {
                return;
            };
            if let Some((rule, message)) = edge.explain(&verdict, entities) {
                let pointer = format!("/{}{}", edge.record, edge.pointer());
                let fault = Fault::new(format!("{domain}.{entity}"), pointer, rule, message);
                return tally
                    .faults
                    .push(fault.with_value(&edge.target.to_string().into()));
            }
            match verdict {
                Resolution::Resolved { tenant, entity } => {
                    if let Some((to, _)) = entities.get(entity) {
                        *tally.resolved.entry((tenant, to)).or_default() += 1;
                    }
                }
                _ => tally.unavailable += 1,
            }
        },
    );
    // A domain with a fault is discarded, so references into it become unavailable.
    let failed: Vec<(usize, &str)> = tallies
        .iter()
        .filter(|(_, tally)| !tally.faults.is_empty())
        .map(|(key, _)| *key)
        .collect();
    let domains = tallies.into_iter().filter_map(|((place, domain), tally)| {
        let lost: u32 = failed
            .iter()
            .filter(|key| **key != (place, domain))
            .filter_map(|key| tally.resolved.get(key))
            .sum();
        let (faults, total) = tally.faults.into_parts();
        let findings = ReferenceFindings {
            faults,
            total,
            unavailable: tally.unavailable + lost,
        };
        Some((
            (tenants.get(place)?.scope.tenant_id, domain.to_owned()),
            findings,
        ))
    });
    ReferenceReport {
        domains: domains.collect(),
    }
}

/// Resolves the references of a trigger's output for the tenant of `scope` over its session.
pub(super) fn check_product(
    catalog: &Catalog,
    scope: &TenantScope,
    made: &Extract,
    session: &[CheckedTenant],
    faults: &mut FaultList,
) {
    let views = views(catalog, session);
    let own = Kin {
        id: scope.tenant_id,
        parent: scope.parent_tenant_id,
    };
    let entities = &catalog.entities;
    reference::resolve_one(
        &catalog.references,
        entities,
        scope.session_created_at.timestamp_micros(),
        &views,
        own,
        made,
        |edge, verdict| {
            if let Some((rule, message)) = edge.explain(&verdict, entities) {
                let source = entities.name(edge.entity);
                let pointer = format!("/{}{}", edge.record, edge.pointer());
                let fault = Fault::new(source, pointer, rule, message);
                faults.push(fault.with_value(&edge.target.to_string().into()));
            }
        },
    );
}

/// Tenants as the references see them.
fn views<'t>(catalog: &'t Catalog, tenants: &'t [CheckedTenant]) -> Vec<reference::Tenant<'t>> {
    let view = |tenant: &'t CheckedTenant| {
        let scope = &tenant.scope;
        let takes_part = catalog
            .account(&scope.account)
            .and_then(|account| account.slices_of(scope.outlet.as_deref()));
        let domains: BTreeSet<&str> = tenant.domains.keys().map(String::as_str).collect();
        reference::Tenant {
            kin: Kin {
                id: scope.tenant_id,
                parent: scope.parent_tenant_id,
            },
            missing: takes_part
                .into_iter()
                .flat_map(BTreeMap::keys)
                .map(String::as_str)
                .filter(|domain| !domains.contains(domain))
                .collect(),
            domains,
            extracts: tenant
                .domains
                .values()
                .flat_map(|domain| &domain.extracts)
                .collect(),
        }
    };
    tenants.iter().map(view).collect()
}
