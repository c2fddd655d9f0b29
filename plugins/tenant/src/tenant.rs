//! The tenant itself.

use levain_plugin::{Field, Record};
use serde::Deserialize;

/// The tenant. Its own id is the base tenant's, so in a session it is the virtual tenant's.
#[derive(Debug, Deserialize)]
pub struct TenantRecord {}

impl Record for TenantRecord {
    const ENTITY: &'static str = "tenant";
    const FIELDS: &'static [Field<Self>] = &[
        Field::parent_tenant("parent_tenant_id"),
        Field::id("owner_id"),
        Field::id("manager_id"),
        Field::shifted("created_at"),
        Field::shifted("updated_at"),
    ];
}
