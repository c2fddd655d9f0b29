//! Which tenant a trigger is to run for.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::extract::{Fields, JsonObject, read_uuid};
use crate::http::problem::Problem;
use crate::sessions::CallTrigger;

/// Which tenant a trigger is to run for.
#[derive(Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TriggerRequest)]
pub(in crate::http) struct TriggerParams {
    /// The tenant.
    virtual_tenant_id: Uuid,
}

impl TriggerParams {
    /// Reads a body, for a trigger by its path within a domain's service.
    ///
    /// # Errors
    /// 400 with every fault.
    pub(in crate::http) fn read(
        domain: String,
        path: String,
        body: JsonObject,
    ) -> Result<CallTrigger, Problem> {
        let mut fields = Fields::from(body);
        let tenant_id = fields.required("virtual_tenant_id", read_uuid);
        fields.finish()?;
        // Whatever is missing was refused above.
        Ok(CallTrigger {
            domain,
            path,
            tenant_id: tenant_id.unwrap_or_default(),
        })
    }
}
