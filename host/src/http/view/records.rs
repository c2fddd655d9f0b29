//! A page of records, as they were cloned.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

/// A page of the records of one entity.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Records)]
pub struct RecordsView<'a> {
    /// The tenant that they belong to.
    pub tenant_id: Uuid,
    /// The domain.
    pub domain: &'a str,
    /// The entity.
    pub entity: &'a str,
    /// How many records there are that match the filters, on all pages.
    pub total: usize,
    /// The records, exactly as they are stored.
    #[schema(value_type = Vec<std::collections::BTreeMap<String, serde_json::Value>>)]
    pub records: Vec<&'a RawValue>,
    /// What to give as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}
