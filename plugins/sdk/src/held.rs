//! What a trigger is handed: records as the host holds them, typed on demand.

use serde::Deserialize;
use uuid::Uuid;

use crate::contract::{HeldSegment, PluginError, SessionContext};

/// The records that a trigger reads: what the catalog names, of its own tenant and of its relatives.
///
/// A record is read by serde into a type that names the fields it wants. Texts are borrowed where the type
/// says so (`#[serde(borrow)] Cow<'a, str>`), times are [`Instant`](crate::time::Instant) and
/// [`Date`](crate::time::Date), and numbers that are added up are [`Decimal`](crate::Decimal)s.
///
/// ```
/// # use levain_plugin::{Decimal, Held, HeldSegment, PluginError, SessionContext, time::Instant};
/// #[derive(serde::Deserialize)]
/// struct Lot {
///     quantity: Decimal,
///     expiration_date: Instant,
/// }
///
/// fn unexpired(ctx: &SessionContext, held: &Held<'_>) -> Result<Decimal, PluginError> {
///     let lots = held.own::<Lot>("inventory", "stock")?;
///     let good = lots.iter().filter(|lot| lot.expiration_date.0 > ctx.session_created_at);
///     Ok(good.map(|lot| lot.quantity).sum())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    segments: &'a [HeldSegment],
    own: Uuid,
}

impl<'a> Held<'a> {
    /// What the host handed to a trigger of the tenant of `ctx`.
    pub const fn new(ctx: &SessionContext, segments: &'a [HeldSegment]) -> Self {
        Self {
            segments,
            own: ctx.tenant_id,
        }
    }

    /// The trigger's own tenant.
    pub const fn own_tenant(&self) -> Uuid {
        self.own
    }

    /// Every tenant that something was handed of: the trigger's own first, the others in the order that
    /// the host hands them in.
    pub fn tenants(&self) -> Vec<Uuid> {
        let mut tenants = Vec::new();
        let own = self.segments.iter().find(|held| held.tenant_id == self.own);
        for held in own.into_iter().chain(self.segments) {
            if !tenants.contains(&held.tenant_id) {
                tenants.push(held.tenant_id);
            }
        }
        tenants
    }

    /// Whether an entity of a tenant was handed at all. One without records may be handed or not.
    pub fn has(&self, tenant: Uuid, domain: &str, entity: &str) -> bool {
        self.of_entity(tenant, domain, entity).next().is_some()
    }

    /// The records of an entity of the trigger's own tenant; none where it was not handed.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn own<T: Deserialize<'a>>(
        &self,
        domain: &str,
        entity: &str,
    ) -> Result<Vec<T>, PluginError> {
        self.of(self.own, domain, entity)
    }

    /// The records of an entity of a tenant, in their order; none where it was not handed.
    ///
    /// # Errors
    ///
    /// [`PluginError::Failed`] for records that cannot be read as `T`, naming the segment, the field and
    /// where it stands.
    pub fn of<T: Deserialize<'a>>(
        &self,
        tenant: Uuid,
        domain: &str,
        entity: &str,
    ) -> Result<Vec<T>, PluginError> {
        let mut records = Vec::new();
        for held in self.of_entity(tenant, domain, entity) {
            let read: Vec<T> = serde_json::from_str(&held.rows).map_err(|error| {
                PluginError::Failed(format!(
                    "records of {domain}.{entity} of tenant {tenant} cannot be read: {error}"
                ))
            })?;
            if records.is_empty() {
                records = read;
            } else {
                records.extend(read);
            }
        }
        Ok(records)
    }

    /// The records of an entity of every tenant that it was handed of, in the order of
    /// [`tenants`](Self::tenants).
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn all<T: Deserialize<'a>>(
        &self,
        domain: &str,
        entity: &str,
    ) -> Result<Vec<(Uuid, Vec<T>)>, PluginError> {
        self.tenants()
            .into_iter()
            .filter(|tenant| self.has(*tenant, domain, entity))
            .map(|tenant| Ok((tenant, self.of(tenant, domain, entity)?)))
            .collect()
    }

    fn of_entity(
        &self,
        tenant: Uuid,
        domain: &str,
        entity: &str,
    ) -> impl Iterator<Item = &'a HeldSegment> {
        self.segments.iter().filter(move |held| {
            held.tenant_id == tenant && held.domain == domain && held.entity == entity
        })
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::Decimal;

    const OWN: Uuid = Uuid::from_u128(1);
    const OUTLET: Uuid = Uuid::from_u128(2);

    #[derive(Debug, Deserialize, PartialEq)]
    struct Lot<'a> {
        #[serde(borrow)]
        name: Cow<'a, str>,
        quantity: Decimal,
    }

    fn segment(tenant_id: Uuid, entity: &str, rows: &str) -> HeldSegment {
        HeldSegment {
            tenant_id,
            domain: "inventory".to_owned(),
            entity: entity.to_owned(),
            rows: rows.to_owned(),
        }
    }

    fn held(segments: &[HeldSegment]) -> Held<'_> {
        Held { segments, own: OWN }
    }

    #[test]
    fn records_are_told_apart_by_tenant_and_joined_by_entity() {
        let segments = [
            segment(OUTLET, "stock", r#"[{"name": "Pan", "quantity": 2.50}]"#),
            segment(
                OWN,
                "stock",
                r#"[{"name": "Ni\u00f1o", "quantity": 1, "more": []}]"#,
            ),
            segment(OWN, "stock", r#"[{"name": "Sal", "quantity": 3}]"#),
            segment(OWN, "ingredient", "[]"),
        ];
        let held = held(&segments);
        assert_eq!(held.tenants(), [OWN, OUTLET]);
        let own = held.own::<Lot<'_>>("inventory", "stock").unwrap();
        assert_eq!(own.len(), 2);
        assert_eq!(own[0].name, "Niño");
        let all = held.all::<Lot<'_>>("inventory", "stock").unwrap();
        assert_eq!(
            all.iter().map(|(_, lots)| lots.len()).collect::<Vec<_>>(),
            [2, 1]
        );
        assert!(matches!(all[1].1[0].name, Cow::Borrowed("Pan")));
        assert!(
            held.has(OWN, "inventory", "ingredient")
                && !held.has(OUTLET, "inventory", "ingredient")
        );
        assert!(held.own::<Lot<'_>>("sales", "sale").unwrap().is_empty());
    }

    #[test]
    fn records_that_cannot_be_read_are_named() {
        let segments = [segment(OWN, "stock", r#"[{"name": "Sal"}]"#)];
        assert_eq!(
            held(&segments).own::<Lot<'_>>("inventory", "stock"),
            Err(PluginError::Failed(
                "records of inventory.stock of tenant 00000000-0000-0000-0000-000000000001 cannot be \
                 read: missing field `quantity` at line 1 column 16"
                    .to_owned()
            ))
        );
    }
}
