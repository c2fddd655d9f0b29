//! The data of a tenant's fixtures that stays in memory: slices for the plugins, ids for the checks
//! of their clones, and extracts for the references.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::super::account::FixtureSlice;
use super::super::identity::BaseIds;
use super::super::reference::{self, Entities, EntityNumber, Extract, Kin};
use super::super::rules::RuleState;
use super::Definitions;
use super::accounts::TenantEntry;
use super::source::Source;
use levain_model::fault::Fault;
use levain_model::{Segment, content_digest, sha256_hex};

/// The fixtures of one tenant while they are read.
pub(super) struct TenantLoad<'m> {
    pub(super) entry: TenantEntry<'m>,
    /// Where each id was seen first: file and pointer.
    pub(super) ids: HashMap<Uuid, String>,
    pub(super) entities: BTreeMap<EntityNumber, EntityLoad>,
    /// The domains that the tenant has a part in, with their entities in order.
    pub(super) domains: BTreeMap<String, Vec<EntityNumber>>,
}

/// The records of one entity while they are read.
pub(super) struct EntityLoad {
    /// The slice's text so far.
    pub(super) rows: String,
    pub(super) records: usize,
    pub(super) base_ids: Vec<Uuid>,
    pub(super) state: RuleState,
    /// The record of each suffix of a code.
    pub(super) suffixes: HashMap<String, Uuid>,
    pub(super) extract: Extract,
    /// File and pointer of each record in the extract.
    pub(super) origins: Vec<(String, String)>,
}

impl EntityLoad {
    pub(super) fn new(number: EntityNumber) -> Self {
        Self {
            rows: "[".to_owned(),
            records: 0,
            base_ids: Vec::new(),
            state: RuleState::default(),
            suffixes: HashMap::new(),
            extract: Extract::new(number),
            origins: Vec::new(),
        }
    }
}

/// Resolves every reference of the tenants of one account at the base reference.
pub(super) fn check_references(
    tenants: &[TenantLoad<'_>],
    definitions: &Definitions<'_>,
    source: &mut Source,
) {
    let Definitions {
        manifest,
        domains,
        entities,
        references,
        ..
    } = definitions;
    let instant = manifest.catalog.base_reference.timestamp_micros();
    let views: Vec<reference::Tenant<'_>> = tenants
        .iter()
        .map(|tenant| reference::Tenant {
            kin: Kin {
                id: tenant.entry.base_tenant_id,
                parent: tenant.entry.parent,
            },
            // Unlike in a session, a missing domain makes a reference dangling, not unavailable.
            domains: domains.iter().map(|domain| domain.slug.as_str()).collect(),
            missing: BTreeSet::new(),
            extracts: tenant.entities.values().map(|load| &load.extract).collect(),
        })
        .collect();
    reference::resolve(references, entities, instant, &views, |edge, verdict| {
        let Some((rule, message)) = edge.explain(&verdict, entities) else {
            return;
        };
        let load = tenants
            .get(edge.tenant)
            .and_then(|tenant| tenant.entities.get(&edge.entity));
        let place = usize::try_from(edge.record).unwrap_or(usize::MAX);
        let origin = load.and_then(|load| load.origins.get(place));
        let (file, pointer) = origin.map_or(("", ""), |(file, pointer)| {
            (file.as_str(), pointer.as_str())
        });
        let fault = Fault::new(file, format!("{pointer}{}", edge.pointer()), rule, message);
        source
            .faults
            .push(fault.with_value(&edge.target.to_string().into()));
    });
}

impl TenantLoad<'_> {
    /// Whether a record of the tenant has this id.
    pub(super) fn has(&self, id: &Uuid) -> bool {
        self.ids.contains_key(id)
    }

    /// The outlet, its fixture slices and its ids.
    pub(super) fn finish(
        mut self,
        entities: &Entities,
    ) -> (Option<String>, BTreeMap<String, FixtureSlice>, BaseIds) {
        let mut slices = BTreeMap::new();
        let mut ids = BaseIds {
            base_tenant_id: self.entry.base_tenant_id,
            domains: BTreeMap::new(),
        };
        for (domain, numbers) in self.domains {
            let mut slice = FixtureSlice {
                segments: Vec::new(),
                records: 0,
                digest: String::new(),
            };
            let mut digests = Vec::new();
            let mut of_domain = BTreeMap::new();
            for number in numbers {
                let (Some(mut load), Some((_, entity))) =
                    (self.entities.remove(&number), entities.get(number))
                else {
                    continue;
                };
                load.rows.push(']');
                slice.records += load.records;
                of_domain.insert(entity.to_owned(), load.base_ids);
                digests.push((entity, sha256_hex(load.rows.as_bytes())));
                slice.segments.push(Segment {
                    entity: entity.to_owned(),
                    rows: load.rows,
                });
            }
            slice.digest = content_digest(
                digests
                    .iter()
                    .map(|(entity, digest)| (*entity, digest.as_str())),
            );
            ids.domains.insert(domain.clone(), of_domain);
            slices.insert(domain, slice);
        }
        (self.entry.outlet, slices, ids)
    }
}
