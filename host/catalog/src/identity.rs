//! Base ids and the ids that derive from them in a session (domain specification, section 6).

use std::collections::{BTreeMap, HashMap};

use levain_plugin::identity;
use uuid::Uuid;

use super::TenantScope;

/// The ids in the fixtures of one tenant, per domain and per entity, in the order of the records.
#[derive(Debug, Default)]
pub(super) struct BaseIds {
    pub(super) base_tenant_id: Uuid,
    pub(super) domains: BTreeMap<String, BTreeMap<String, Vec<Uuid>>>,
}

impl BaseIds {
    pub(super) fn of(&self, domain: &str, entity: &str) -> &[Uuid] {
        self.domains
            .get(domain)
            .and_then(|entities| entities.get(entity))
            .map_or(&[], Vec::as_slice)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Uuid> {
        self.domains.values().flat_map(BTreeMap::values).flatten()
    }
}

/// Derives a session's id: the virtual tenant for the base tenant itself, UUIDv5 for the rest.
pub(super) fn derive(tenant_id: Uuid, base_tenant_id: Uuid, base_id: &Uuid) -> Uuid {
    if *base_id == base_tenant_id {
        tenant_id
    } else {
        identity::derive(&tenant_id, base_id)
    }
}

/// Finds the base ids of a clone's records. A clone mostly keeps the order of its fixture, so ids are
/// derived in that order, and looked up only after the order differs.
pub(super) struct DerivedIds<'b> {
    tenant_id: Uuid,
    base_tenant_id: Uuid,
    bases: &'b [Uuid],
    /// The ids derived so far: one for each of the first base ids.
    derived: Vec<Uuid>,
    by_id: Option<HashMap<Uuid, usize>>,
    seen: Vec<bool>,
}

/// What is wrong with the id of a clone's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdFault {
    /// It derives from no id of the entity's fixture.
    Foreign,
    /// Another record has it.
    Repeated,
}

impl<'b> DerivedIds<'b> {
    pub(super) fn new(scope: &TenantScope, bases: &'b [Uuid]) -> Self {
        Self {
            tenant_id: scope.tenant_id,
            base_tenant_id: scope.base_tenant_id,
            bases,
            derived: Vec::with_capacity(bases.len()),
            by_id: None,
            seen: vec![false; bases.len()],
        }
    }

    /// The base id of a record. Each may be claimed once.
    pub(super) fn claim(&mut self, id: Uuid) -> Result<&'b Uuid, IdFault> {
        let place = self.place(id).ok_or(IdFault::Foreign)?;
        let (Some(base_id), Some(seen)) = (self.bases.get(place), self.seen.get_mut(place)) else {
            return Err(IdFault::Foreign);
        };
        if std::mem::replace(seen, true) {
            return Err(IdFault::Repeated);
        }
        Ok(base_id)
    }

    fn place(&mut self, id: Uuid) -> Option<usize> {
        if self.by_id.is_none() {
            for (place, base_id) in self.bases.iter().enumerate().skip(self.derived.len()) {
                let derived = derive(self.tenant_id, self.base_tenant_id, base_id);
                self.derived.push(derived);
                if derived == id {
                    return Some(place);
                }
            }
        }
        let by_id = self.by_id.get_or_insert_with(|| {
            self.derived
                .iter()
                .enumerate()
                .map(|(place, derived)| (*derived, place))
                .collect()
        });
        by_id.get(&id).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_claimed_once_in_any_order() {
        let (tenant, base) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let bases: Vec<Uuid> = (10..20).map(Uuid::from_u128).chain([base]).collect();
        let scope = TenantScope {
            account: String::new(),
            tenant_id: tenant,
            base_tenant_id: base,
            outlet: None,
            parent_tenant_id: None,
            session_created_at: chrono::DateTime::UNIX_EPOCH,
        };
        let mut ids = DerivedIds::new(&scope, &bases);
        for place in [3, 4, 1, 9, 0] {
            assert_eq!(
                ids.claim(identity::derive(&tenant, &bases[place])),
                Ok(&bases[place])
            );
        }
        assert_eq!(ids.claim(tenant), Ok(&base));
        assert_eq!(ids.claim(tenant), Err(IdFault::Repeated));
        assert_eq!(
            ids.claim(identity::derive(&tenant, &bases[3])),
            Err(IdFault::Repeated)
        );
        assert_eq!(ids.claim(bases[2]), Err(IdFault::Foreign));
        assert_eq!(
            ids.claim(identity::derive(&tenant, &base)),
            Err(IdFault::Foreign)
        );
    }
}
