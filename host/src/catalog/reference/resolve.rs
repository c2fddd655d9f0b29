//! Resolves every reference of a set of tenants that belong together.

use std::collections::BTreeSet;

use levain_plugin::time::Micros;
use uuid::Uuid;

use super::path::Places;
use super::{Entities, EntityNumber, Extract, Reference, References, Scope};

/// One tenant: what it has, and which other it belongs to.
pub(crate) struct Tenant<'t> {
    pub(crate) id: Uuid,
    pub(crate) parent: Option<Uuid>,
    /// The domains that are there, empty ones too.
    pub(crate) domains: BTreeSet<&'t str>,
    pub(crate) extracts: Vec<&'t Extract>,
}

impl Tenant<'_> {
    fn extract(&self, entity: EntityNumber) -> Option<&Extract> {
        self.extracts
            .iter()
            .find(|extract| extract.entity == entity)
            .copied()
    }
}

/// One reference of one record.
pub(crate) struct Edge<'e> {
    /// The tenant of the record, by its place in the list.
    pub(crate) tenant: usize,
    /// The record's entity.
    pub(crate) entity: EntityNumber,
    /// The record, by its place among those of its entity.
    pub(crate) record: u32,
    /// The record's id.
    pub(crate) id: Uuid,
    /// What it refers to.
    pub(crate) target: Uuid,
    reference: &'e Reference,
    places: Places,
}

impl Edge<'_> {
    /// The pointer of the field within its record.
    pub(crate) fn pointer(&self) -> String {
        self.reference.path.pointer(self.places)
    }

    /// Rule and text of a verdict that is a fault.
    pub(crate) fn explain(
        &self,
        verdict: &Verdict,
        entities: &Entities,
    ) -> Option<(&'static str, String)> {
        let (rule, why) = match verdict {
            Verdict::Resolved { .. } | Verdict::Unavailable => return None,
            Verdict::Dangling => (
                "reference",
                match self.reference.scope {
                    Scope::Own => ", which does not exist in this tenant".to_owned(),
                    Scope::Parent => ", which does not exist in the parent tenant".to_owned(),
                    Scope::Outlets => ", which does not exist in any outlet".to_owned(),
                },
            ),
            Verdict::Unmet(reason) => ("condition", format!(": {reason}")),
        };
        let to = entities.name(self.reference.to);
        let message = format!(
            "record {}: `{}` refers to {to} {}{why}",
            self.id, self.reference.path, self.target
        );
        Some((rule, message))
    }
}

/// What became of a reference.
pub(crate) enum Verdict {
    /// It leads to a record, and the conditions hold. `tenant` is the record's, by its place.
    Resolved { tenant: usize, entity: EntityNumber },
    /// The domain that it leads to is not there.
    Unavailable,
    /// There is no such record.
    Dangling,
    /// There is one, and a condition does not hold of it.
    Unmet(String),
}

/// Resolves every reference and hands on each with its verdict.
pub(crate) fn resolve(
    references: &References,
    entities: &Entities,
    instant: Micros,
    tenants: &[Tenant<'_>],
    mut judged: impl FnMut(&Edge<'_>, Verdict),
) {
    for (tenant, own) in tenants.iter().enumerate() {
        let relatives = |scope: Scope| -> Vec<usize> {
            let places = tenants.iter().enumerate();
            let related = places.filter(|(place, other)| match scope {
                Scope::Own => *place == tenant,
                Scope::Parent => own.parent == Some(other.id),
                Scope::Outlets => other.parent == Some(own.id),
            });
            related.map(|(place, _)| place).collect()
        };
        let scopes = [Scope::Own, Scope::Parent, Scope::Outlets].map(relatives);
        let [itself, parent, outlets] = &scopes;
        for extract in &own.extracts {
            for outgoing in &extract.outgoing {
                let number = usize::try_from(outgoing.reference).unwrap_or(usize::MAX);
                let Some(reference) = references.list.get(number) else {
                    continue;
                };
                let among = match reference.scope {
                    Scope::Own => itself,
                    Scope::Parent => parent,
                    Scope::Outlets => outlets,
                };
                let edge = Edge {
                    tenant,
                    entity: extract.entity,
                    record: outgoing.record,
                    id: extract.id(outgoing.record),
                    target: outgoing.target,
                    reference,
                    places: outgoing.places,
                };
                let verdict = judge(
                    references, entities, instant, tenants, among, extract, &edge,
                );
                judged(&edge, verdict);
            }
        }
    }
}

fn judge(
    references: &References,
    entities: &Entities,
    instant: Micros,
    tenants: &[Tenant<'_>],
    among: &[usize],
    extract: &Extract,
    edge: &Edge<'_>,
) -> Verdict {
    let reference = edge.reference;
    let mut absent = false;
    for place in among {
        let Some(tenant) = tenants.get(*place) else {
            continue;
        };
        let Some(found) = tenant.extract(reference.to) else {
            let domain = entities.get(reference.to).map(|(domain, _)| domain);
            absent |= domain.is_some_and(|domain| !tenant.domains.contains(domain));
            continue;
        };
        let Some(record) = found.by_id.get(&edge.target) else {
            continue;
        };
        let (kept, own) = (
            found.kept(references, *record),
            extract.kept(references, edge.record),
        );
        let unmet = reference
            .conditions
            .iter()
            .find_map(|condition| condition.unmet(kept, own, instant));
        return match unmet {
            Some(reason) => Verdict::Unmet(reason),
            None => Verdict::Resolved {
                tenant: *place,
                entity: reference.to,
            },
        };
    }
    if absent {
        Verdict::Unavailable
    } else {
        Verdict::Dangling
    }
}
