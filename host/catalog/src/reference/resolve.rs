//! Resolves every reference of the tenants of one session.

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

/// One tenant: its records, and its head.
pub(crate) struct Tenant<'t> {
    pub(crate) kin: Kin,
    /// The existing domains, empty ones included.
    pub(crate) domains: BTreeSet<&'t str>,
    /// The domains whose clones failed.
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
    /// Index of the record's tenant.
    pub(crate) tenant: usize,
    pub(crate) entity: EntityNumber,
    /// Index of the record in its entity.
    pub(crate) record: u32,
    pub(crate) id: Uuid,
    pub(crate) target: Uuid,
    /// The entity that it refers to; `None` if unknown.
    to: Option<EntityNumber>,
    reference: &'e Reference,
    places: Places,
}

impl Edge<'_> {
    /// The pointer of the field within its record.
    pub(crate) fn pointer(&self) -> String {
        self.reference.path.pointer(self.places)
    }

    /// Rule and text of a resolution that is a fault.
    pub(crate) fn explain(
        &self,
        verdict: &Resolution,
        entities: &Entities,
    ) -> Option<(&'static str, String)> {
        let (rule, why) = match verdict {
            Resolution::Resolved { .. } | Resolution::Unavailable => return None,
            Resolution::Unnamed => {
                let Target::Named(Naming { domain, entity }) = &self.reference.target else {
                    return None;
                };
                let message = format!(
                    "record {}: `{}` refers to {}, and `{domain}` and `{entity}` beside it name no entity of the catalog",
                    self.id, self.reference.path, self.target
                );
                return Some(("reference", message));
            }
            Resolution::Dangling => (
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
            Resolution::Unmet(reason) => ("condition", format!(": {reason}")),
        };
        let to = self.to.map(|to| entities.name(to)).unwrap_or_default();
        let message = format!(
            "record {}: `{}` refers to {to} {}{why}",
            self.id, self.reference.path, self.target
        );
        Some((rule, message))
    }
}

pub(crate) enum Resolution {
    /// The record exists and the conditions hold. `tenant` is the index of its tenant.
    Resolved { tenant: usize, entity: EntityNumber },
    /// Its domain is missing.
    Unavailable,
    /// No such record exists.
    Dangling,
    /// The record names an unknown entity.
    Unnamed,
    /// The record exists, but a condition does not hold.
    Unmet(String),
}

/// Resolves every reference and passes each on with its resolution.
pub(crate) fn resolve(
    references: &References,
    entities: &Entities,
    instant: Micros,
    tenants: &[Tenant<'_>],
    mut judged: impl FnMut(&Edge<'_>, Resolution),
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

/// Resolves the references of records of the tenant `own` that are not among those in
/// `tenants`.
pub(crate) fn resolve_one(
    references: &References,
    entities: &Entities,
    instant: Micros,
    tenants: &[Tenant<'_>],
    own: Kin,
    extract: &Extract,
    mut judged: impl FnMut(&Edge<'_>, Resolution),
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

/// The indices of the tenants in each scope of one tenant.
struct Relatives {
    own: Vec<usize>,
    parent: Vec<usize>,
    outlets: Vec<usize>,
    /// Itself first: most references stay in their own tenant.
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
        judged: &mut impl FnMut(&Edge<'_>, Resolution),
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

    fn judge(&self, among: &[usize], extract: &Extract, edge: &Edge<'_>) -> Resolution {
        let reference = edge.reference;
        let Some(to) = edge.to else {
            return Resolution::Unnamed;
        };
        let domain = self.entities.get(to).map(|(domain, _)| domain);
        let mut absent = false;
        for place in among {
            let Some(tenant) = self.tenants.get(*place) else {
                continue;
            };
            let Some(found) = tenant.extract(to) else {
                absent |= domain.is_some_and(|domain| match reference.scope {
                    // A tenant without a part in the domain misses nothing.
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
                Some(reason) => Resolution::Unmet(reason),
                None => Resolution::Resolved {
                    tenant: *place,
                    entity: to,
                },
            };
        }
        if absent {
            Resolution::Unavailable
        } else {
            Resolution::Dangling
        }
    }
}
