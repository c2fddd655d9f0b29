//! What the checks of a clone are told and what they answer.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Catalog;
use super::reference::{self, Extract, Kin, Verdict};
use levain_model::fault::{Fault, FaultList};
use levain_model::{Segment, StoredSegment};

/// Which tenant of a session a clone is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantScope {
    /// The account's slug.
    pub account: String,
    /// The virtual tenant.
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

/// One domain of one tenant, checked but for its references.
#[derive(Debug, Clone)]
pub struct CheckedDomain {
    /// The domain's slug.
    pub domain: String,
    /// Its segments, ready to be stored, as the plugin ordered them.
    pub segments: Vec<StoredSegment>,
    /// What the references need of its records.
    pub(super) extracts: Vec<Extract>,
}

/// What a trigger made for one tenant, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedProduct {
    /// Its segments, ready to be stored; their part is the trigger's slug.
    pub segments: Vec<StoredSegment>,
    /// How many records have which `status`; empty where records have none.
    pub by_status: BTreeMap<String, u32>,
}

/// One tenant of a session with the domains that were cloned.
#[derive(Debug, Clone)]
pub struct CheckedTenant {
    /// Which tenant.
    pub scope: TenantScope,
    /// Its domains by slug; one that failed is not there.
    pub domains: BTreeMap<String, CheckedDomain>,
}

impl CheckedTenant {
    /// A tenant of which nothing was cloned yet.
    #[must_use]
    pub fn new(scope: TenantScope) -> Self {
        Self {
            scope,
            domains: BTreeMap::new(),
        }
    }
}

/// One tenant of a session, as its exports tell it.
#[derive(Debug, Clone)]
pub struct TenantExport {
    /// Which tenant.
    pub scope: TenantScope,
    /// Its domains, those that triggers fill too.
    pub domains: Vec<DomainExport>,
}

/// One domain of a tenant, as it was exported.
#[derive(Debug, Clone)]
pub struct DomainExport {
    /// The domain's slug.
    pub domain: String,
    /// One segment per entity; what several triggers made is in one.
    pub segments: Vec<Segment>,
}

/// What a second look at a whole session found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionReport {
    /// Records of the domains and triggers that passed.
    pub records: u64,
    /// References into domains that are not there.
    pub unavailable: u32,
    /// The first faults, at most [`Rejection::KEPT`].
    pub faults: Vec<Fault>,
    /// How many faults there were.
    pub total: usize,
}

/// Why what a plugin returned is not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{total} {} in what the plugin returned", if *total == 1 { "fault" } else { "faults" })]
pub struct Rejection {
    /// The first faults, at most [`Rejection::KEPT`].
    pub faults: Vec<Fault>,
    /// How many there were.
    pub total: usize,
    /// Whether it was given up because there were too many records.
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

/// What became of the references of a session, per tenant and domain; every domain that is there
/// has its line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReferenceReport {
    /// By virtual tenant and domain.
    pub domains: BTreeMap<(Uuid, String), ReferenceFindings>,
}

/// What became of the references of one domain of one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReferenceFindings {
    /// The first faults, at most [`Rejection::KEPT`].
    pub faults: Vec<Fault>,
    /// How many faults there were.
    pub total: usize,
    /// References into domains that are not there, or that fail by this very report.
    pub unavailable: u32,
}

impl ReferenceReport {
    /// Whether every reference that could be resolved holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.domains.values().all(|findings| findings.total == 0)
    }
}

/// What is counted of one domain while its references are resolved.
#[derive(Default)]
struct Tally<'t> {
    faults: FaultList,
    unavailable: u32,
    /// References that hold, by the tenant (its place) and the domain that they lead to.
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
                Verdict::Resolved { tenant, entity } => {
                    if let Some((to, _)) = entities.get(entity) {
                        *tally.resolved.entry((tenant, to)).or_default() += 1;
                    }
                }
                _ => tally.unavailable += 1,
            }
        },
    );
    // A domain with a fault will not be kept: what refers to it refers to nothing that is there.
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

/// Resolves the references of what a trigger made for the tenant of `scope` over its session.
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
