//! Resolves every reference of a set of tenants that belong together.

use std::collections::BTreeSet;

use levain_plugin::time::Micros;
use uuid::Uuid;

use super::path::Places;
use super::{Entities, EntityNumber, Extract, Naming, Reference, References, Scope, Target};

/// A tenant, and the head of its group where it is an outlet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kin {
    pub(crate) id: Uuid,
    pub(crate) parent: Option<Uuid>,
}

/// One tenant: what it has, and which other it belongs to.
pub(crate) struct Tenant<'t> {
    pub(crate) kin: Kin,
    /// The domains that are there, empty ones too.
    pub(crate) domains: BTreeSet<&'t str>,
    /// The domains that would be there, had their clones not failed.
    pub(crate) missing: BTreeSet<&'t str>,
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
    /// The entity that it refers to, where there is such an entity.
    to: Option<EntityNumber>,
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
            Verdict::Unnamed => {
                let Target::Named(Naming { domain, entity }) = &self.reference.target else {
                    return None;
                };
                let message = format!(
                    "record {}: `{}` refers to {}, and `{domain}` and `{entity}` beside it name no entity of the catalog",
                    self.id, self.reference.path, self.target
                );
                return Some(("reference", message));
            }
            Verdict::Dangling => (
                "reference",
                match self.reference.scope {
                    Scope::Own => ", which does not exist in this tenant".to_owned(),
                    Scope::Parent => ", which does not exist in the parent tenant".to_owned(),
                    Scope::Outlets => ", which does not exist in any outlet".to_owned(),
                    Scope::Session => {
                        ", which does not exist in any tenant of the session".to_owned()
                    }
                },
            ),
            Verdict::Unmet(reason) => ("condition", format!(": {reason}")),
        };
        let to = self.to.map(|to| entities.name(to)).unwrap_or_default();
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
    /// The record names no entity that there is.
    Unnamed,
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
    let map = Map {
        references,
        entities,
        instant,
        tenants,
    };
    for (place, own) in tenants.iter().enumerate() {
        let relatives = Relatives::of(own.kin, tenants);
        for extract in &own.extracts {
            map.resolve(place, &relatives, extract, &mut judged);
        }
    }
}

/// Resolves the references of records that belong to the tenant `own` and are not among what
/// `tenants` have.
pub(crate) fn resolve_one(
    references: &References,
    entities: &Entities,
    instant: Micros,
    tenants: &[Tenant<'_>],
    own: Kin,
    extract: &Extract,
    mut judged: impl FnMut(&Edge<'_>, Verdict),
) {
    let map = Map {
        references,
        entities,
        instant,
        tenants,
    };
    let place = tenants.iter().position(|tenant| tenant.kin == own);
    let relatives = Relatives::of(own, tenants);
    map.resolve(
        place.unwrap_or(tenants.len()),
        &relatives,
        extract,
        &mut judged,
    );
}

/// The places of the tenants that each scope means to one tenant.
struct Relatives {
    own: Vec<usize>,
    parent: Vec<usize>,
    outlets: Vec<usize>,
    /// Itself first: most of what a record refers to is its own tenant's.
    session: Vec<usize>,
}

impl Relatives {
    fn of(own: Kin, tenants: &[Tenant<'_>]) -> Self {
        let places = |related: &dyn Fn(&Kin) -> bool| -> Vec<usize> {
            let tenants = tenants.iter().enumerate();
            let related = tenants.filter(|(_, tenant)| related(&tenant.kin));
            related.map(|(place, _)| place).collect()
        };
        let itself = places(&|kin| kin.id == own.id);
        let others = places(&|kin| kin.id != own.id);
        Self {
            parent: places(&|kin| own.parent == Some(kin.id)),
            outlets: places(&|kin| kin.parent == Some(own.id)),
            session: itself.iter().copied().chain(others).collect(),
            own: itself,
        }
    }

    fn among(&self, scope: Scope) -> &[usize] {
        match scope {
            Scope::Own => &self.own,
            Scope::Parent => &self.parent,
            Scope::Outlets => &self.outlets,
            Scope::Session => &self.session,
        }
    }
}

/// What references are resolved by.
struct Map<'m> {
    references: &'m References,
    entities: &'m Entities,
    instant: Micros,
    tenants: &'m [Tenant<'m>],
}

impl Map<'_> {
    fn resolve(
        &self,
        tenant: usize,
        relatives: &Relatives,
        extract: &Extract,
        judged: &mut impl FnMut(&Edge<'_>, Verdict),
    ) {
        for outgoing in &extract.outgoing {
            let number = usize::try_from(outgoing.reference).unwrap_or(usize::MAX);
            let Some(reference) = self.references.list.get(number) else {
                continue;
            };
            let edge = Edge {
                tenant,
                entity: extract.entity,
                record: outgoing.record,
                id: extract.id(outgoing.record),
                target: outgoing.target,
                to: outgoing.entity.and_then(|to| usize::try_from(to).ok()),
                reference,
                places: outgoing.places,
            };
            let verdict = self.judge(relatives.among(reference.scope), extract, &edge);
            judged(&edge, verdict);
        }
    }

    fn judge(&self, among: &[usize], extract: &Extract, edge: &Edge<'_>) -> Verdict {
        let reference = edge.reference;
        let Some(to) = edge.to else {
            return Verdict::Unnamed;
        };
        let domain = self.entities.get(to).map(|(domain, _)| domain);
        let mut absent = false;
        for place in among {
            let Some(tenant) = self.tenants.get(*place) else {
                continue;
            };
            let Some(found) = tenant.extract(to) else {
                absent |= domain.is_some_and(|domain| match reference.scope {
                    // Not every tenant of a session has part in every domain.
                    Scope::Session => tenant.missing.contains(domain),
                    Scope::Own | Scope::Parent | Scope::Outlets => !tenant.domains.contains(domain),
                });
                continue;
            };
            let Some(record) = found.find(&edge.target) else {
                continue;
            };
            let kept = found.kept(self.references, record);
            let own = extract.kept(self.references, edge.record);
            let mut conditions = reference.conditions.iter();
            let unmet = conditions.find_map(|condition| condition.unmet(kept, own, self.instant));
            return match unmet {
                Some(reason) => Verdict::Unmet(reason),
                None => Verdict::Resolved {
                    tenant: *place,
                    entity: to,
                },
            };
        }
        if absent {
            Verdict::Unavailable
        } else {
            Verdict::Dangling
        }
    }
}
