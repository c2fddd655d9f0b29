//! The base ids of a session's ids.

use std::collections::HashMap;

use uuid::Uuid;

use super::super::identity::derive;
use super::super::json::Json;
use super::super::schema::{Identity, TextKind};
use super::super::{Account, Catalog, TenantScope};

/// An id of a session, and its base id.
pub(super) type Based = (Uuid, Uuid);

/// The base id of every id that a cloned record of this tenant or one of its relatives can have.
pub(super) fn of_group(
    catalog: &Catalog,
    account: &Account,
    scope: &TenantScope,
) -> HashMap<Uuid, Uuid> {
    let head = scope.parent_tenant_id.unwrap_or(scope.tenant_id);
    let outlets = account.outlets.iter().map(|outlet| {
        let own = scope.outlet.as_ref() == Some(&outlet.slug);
        let id = if own {
            scope.tenant_id
        } else {
            derive(head, account.base_tenant_id, &outlet.base_tenant_id)
        };
        (Some(outlet.slug.clone()), id)
    });
    let mut bases = HashMap::new();
    for (outlet, tenant_id) in std::iter::once((None, head)).chain(outlets) {
        let Some(ids) = catalog.base_ids.get(&(account.slug.clone(), outlet)) else {
            continue;
        };
        bases.insert(tenant_id, ids.base_tenant_id);
        bases.extend(
            ids.all()
                .map(|base_id| (derive(tenant_id, ids.base_tenant_id, base_id), *base_id)),
        );
    }
    bases
}

/// The id of a trigger's record: its base id derives from its subject's base id as the id itself
/// derives from the subject's id. `None` for an id that does not, or a subject without a base id.
pub(super) fn of_product(
    identity: &Identity,
    record: &Json<'_>,
    bases: &HashMap<Uuid, Uuid>,
) -> Option<Based> {
    let id = TextKind::id(record.get("id")?.as_text()?)?;
    let subject = identity.subject(record)?;
    let label = identity.label(record)?;
    let base_id = Identity::derive(bases.get(&subject)?, &label);
    (id == Identity::derive(&subject, &label)).then_some((id, base_id))
}
