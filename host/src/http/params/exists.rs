//! Which record is asked about.

use utoipa::IntoParams;
use uuid::Uuid;

use crate::http::extract::{Fields, QueryPairs, read_uuid};
use crate::http::problem::Problem;

/// Which record is asked about.
#[derive(Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ExistsParams {
    /// The entity's slug
    #[param(rename = "entity_type")]
    pub(in crate::http) entity: String,
    /// The record
    pub(in crate::http) id: Uuid,
    /// The tenant
    pub(in crate::http) tenant_id: Uuid,
}

impl ExistsParams {
    /// Reads a query.
    ///
    /// # Errors
    /// 400 with every fault.
    pub(in crate::http) fn read(query: QueryPairs) -> Result<Self, Problem> {
        let mut fields = Fields::from(query);
        let entity = fields.required("entity_type", |text| Ok(text.to_owned()));
        let id = fields.required("id", read_uuid);
        let tenant_id = fields.required("tenant_id", read_uuid);
        fields.finish()?;
        // Whatever is missing was refused above.
        Ok(Self {
            entity: entity.unwrap_or_default(),
            id: id.unwrap_or_default(),
            tenant_id: tenant_id.unwrap_or_default(),
        })
    }
}
