//! Sums by scope: what a figure of a tenant and one of its group rest on.

use uuid::Uuid;

use super::{Kpi, Scope};
use crate::held::Held;

/// What records add up to, for the trigger's own tenant and, where it heads a group, for the group.
///
/// A tenant heads a group for this purpose where the trigger was handed something of another tenant: a
/// trigger of figures reads of its own tenant and its outlets, and of nobody else.
#[derive(Clone, Debug)]
pub struct Scopes<T> {
    own: Uuid,
    tenant: T,
    group: Option<T>,
}

impl<T: Clone> Scopes<T> {
    /// `empty` for every scope that the tenant has.
    pub fn new(held: &Held<'_>, empty: T) -> Self {
        let own = held.own_tenant();
        let heads = held.tenants().iter().any(|tenant| *tenant != own);
        Self {
            own,
            group: heads.then(|| empty.clone()),
            tenant: empty,
        }
    }

    /// Adds something of a tenant to every scope that it is in.
    pub fn add(&mut self, tenant: Uuid, mut to: impl FnMut(&mut T)) {
        if tenant == self.own {
            to(&mut self.tenant);
        }
        if let Some(group) = &mut self.group {
            to(group);
        }
    }

    /// The figures of every scope.
    pub fn kpis<const N: usize>(&self, of: impl Fn(Scope, &T) -> [Kpi; N]) -> Vec<Kpi> {
        let group = self.group.as_ref().map(|group| (Scope::Group, group));
        [(Scope::Tenant, &self.tenant)]
            .into_iter()
            .chain(group)
            .flat_map(|(scope, sums)| of(scope, sums))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Decimal;
    use crate::contract::{HeldSegment, SessionContext};
    use crate::product::Unit;

    const HEAD: Uuid = Uuid::from_u128(1);
    const OUTLET: Uuid = Uuid::from_u128(2);

    fn of(own: Uuid, tenants: &[Uuid]) -> Vec<(Scope, Decimal)> {
        let ctx = SessionContext {
            session_id: "s".to_owned(),
            account_type: "a".to_owned(),
            base_tenant_id: own,
            tenant_id: own,
            parent_tenant_id: None,
            outlet: None,
            session_created_at: 0,
            base_reference: 0,
        };
        let segments: Vec<HeldSegment> = tenants
            .iter()
            .map(|tenant_id| HeldSegment {
                tenant_id: *tenant_id,
                domain: "d".to_owned(),
                entity: "e".to_owned(),
                rows: "[]".to_owned(),
            })
            .collect();
        let mut sums = Scopes::new(&Held::new(&ctx, &segments), Decimal::ZERO);
        sums.add(HEAD, |sum| *sum += Decimal::whole(1));
        sums.add(OUTLET, |sum| *sum += Decimal::whole(10));
        let kpis = sums.kpis(|scope, sum| {
            [Kpi {
                kpi: "k",
                scope,
                title: "K",
                key: "k.k",
                value: Some(*sum),
                unit: Unit::Count,
                figures: BTreeMap::new(),
                window: None,
            }]
        });
        kpis.into_iter()
            .filter_map(|kpi| Some((kpi.scope, kpi.value?)))
            .collect()
    }

    #[test]
    fn a_head_has_figures_of_its_own_and_of_the_group() {
        let (own, group) = (Decimal::whole(1), Decimal::whole(11));
        assert_eq!(
            of(HEAD, &[OUTLET, HEAD]),
            [(Scope::Tenant, own), (Scope::Group, group)]
        );
        assert_eq!(
            of(HEAD, &[OUTLET]),
            [(Scope::Tenant, own), (Scope::Group, group)]
        );
        assert_eq!(of(HEAD, &[HEAD]), [(Scope::Tenant, own)]);
        assert_eq!(of(HEAD, &[]), [(Scope::Tenant, own)]);
        assert_eq!(of(OUTLET, &[OUTLET]), [(Scope::Tenant, Decimal::whole(10))]);
    }
}
