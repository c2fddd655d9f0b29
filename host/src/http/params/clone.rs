//! Which domain of which session is to be cloned again.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::extract::{Fields, JsonObject, read_instant, read_uuid};
use crate::http::problem::Problem;
use crate::sessions::CloneDomain;

/// Which session is to be cloned again, and what the caller takes it to be.
#[derive(Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CloneRequest)]
pub(in crate::http) struct CloneParams {
    /// The tenant that the fixtures were written for.
    base_tenant_id: Uuid,
    /// The virtual tenant.
    virtual_tenant_id: Uuid,
    /// The account type.
    demo_account_type: String,
    /// The session.
    session_id: String,
    /// The session's data clock.
    session_created_at: DateTime<Utc>,
}

impl CloneParams {
    /// Reads a body, for a domain.
    ///
    /// # Errors
    /// 400 with every fault.
    pub(in crate::http) fn read(domain: String, body: JsonObject) -> Result<CloneDomain, Problem> {
        let mut fields = Fields::from(body);
        let base_tenant_id = fields.required("base_tenant_id", read_uuid);
        let virtual_tenant_id = fields.required("virtual_tenant_id", read_uuid);
        let account = fields.required("demo_account_type", |text| Ok(text.to_owned()));
        let session_id = fields.required("session_id", |text| Ok(text.to_owned()));
        let session_created_at = fields.required("session_created_at", read_instant);
        fields.finish()?;
        // Whatever is missing was refused above.
        Ok(CloneDomain {
            domain,
            base_tenant_id: base_tenant_id.unwrap_or_default(),
            virtual_tenant_id: virtual_tenant_id.unwrap_or_default(),
            account: account.unwrap_or_default(),
            session_id: session_id.unwrap_or_default(),
            session_created_at: session_created_at.unwrap_or_default(),
        })
    }
}
