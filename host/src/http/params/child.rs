//! Which outlet is to be cloned again.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::extract::{Fields, JsonObject, read_uuid};
use crate::http::problem::Problem;
use crate::sessions::CloneChild;

/// Which outlet of a session is to be cloned again, and what the caller takes it to be.
#[derive(Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChildRequest)]
pub(in crate::http) struct ChildParams {
    /// The session.
    session_id: String,
    /// The virtual tenant of the group's head.
    parent_tenant_id: Uuid,
    /// The tenant that the outlet's fixtures were written for.
    base_tenant_id: Uuid,
    /// The outlet's virtual tenant.
    virtual_tenant_id: Uuid,
}

impl ChildParams {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 with every fault.
    pub(in crate::http) fn read(body: JsonObject) -> Result<CloneChild, Problem> {
        let mut fields = Fields::from(body);
        let session_id = fields.required("session_id", |text| Ok(text.to_owned()));
        let parent_tenant_id = fields.required("parent_tenant_id", read_uuid);
        let base_tenant_id = fields.required("base_tenant_id", read_uuid);
        let virtual_tenant_id = fields.required("virtual_tenant_id", read_uuid);
        fields.finish()?;
        // Whatever is missing was refused above.
        Ok(CloneChild {
            session_id: session_id.unwrap_or_default(),
            parent_tenant_id: parent_tenant_id.unwrap_or_default(),
            base_tenant_id: base_tenant_id.unwrap_or_default(),
            virtual_tenant_id: virtual_tenant_id.unwrap_or_default(),
        })
    }
}
