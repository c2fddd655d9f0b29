//! What a session is asked to be.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::extract::{Caller, Fields, IdempotencyKey, JsonObject, read_instant, read_uuid};
use crate::http::problem::{Problem, Violation};
use crate::sessions::{NewSession, RequestKey};
use levain_model::sha256_hex;

/// What a session is asked to be.
#[derive(Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSession)]
pub(in crate::http) struct NewSessionParams {
    /// The account type, as `GET /api/demo/accounts` lists them.
    demo_account_type: String,
    /// The data clock: the instant that the data is told from, years 2000 to 2100, to the
    /// microsecond. Now, where it is not given. Needs the internal key.
    session_created_at: Option<DateTime<Utc>>,
    /// The virtual tenant, to reproduce a session exactly. A new one, where it is not given.
    /// Needs the internal key.
    virtual_tenant_id: Option<Uuid>,
}

impl NewSessionParams {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 with every fault; 403 where a field needs the internal key, and the caller has none.
    pub(in crate::http) fn read(
        body: JsonObject,
        caller: Caller,
        key: IdempotencyKey,
    ) -> Result<NewSession, Problem> {
        let mut fields = Fields::from(body);
        let account = fields.required("demo_account_type", |text| Ok(text.to_owned()));
        let session_created_at = fields.optional("session_created_at", read_instant);
        let virtual_tenant_id = fields.optional("virtual_tenant_id", read_tenant);
        fields.finish()?;
        let mut new = NewSession {
            account: account.unwrap_or_default(),
            session_created_at,
            virtual_tenant_id,
            key: None,
        };
        if caller == Caller::Public {
            needs_key(&new)?;
        }
        new.key = key.0.map(|digest| RequestKey {
            digest,
            request: request_digest(&new, caller),
        });
        Ok(new)
    }
}

/// What is asked for, and whether with the internal key, in one form however the body was written.
fn request_digest(new: &NewSession, caller: Caller) -> String {
    let asked = json!([
        new.account,
        new.session_created_at
            .map(|instant| instant.timestamp_micros()),
        new.virtual_tenant_id,
        caller == Caller::Internal,
    ]);
    sha256_hex(asked.to_string().as_bytes())
}

fn read_tenant(text: &str) -> Result<Uuid, String> {
    match read_uuid(text)? {
        id if id.is_nil() || id.is_max() => Err("must not be the nil or the max UUID".to_owned()),
        id => Ok(id),
    }
}

fn needs_key(new: &NewSession) -> Result<(), Problem> {
    let named = [
        ("session_created_at", new.session_created_at.is_some()),
        ("virtual_tenant_id", new.virtual_tenant_id.is_some()),
    ];
    let errors: Vec<Violation> = named
        .into_iter()
        .filter(|(_, given)| *given)
        .map(|(name, _)| {
            Violation::at(
                format!("/{name}"),
                format!("`{name}` needs the internal key"),
            )
        })
        .collect();
    if errors.is_empty() {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "internal_key_required",
        "The internal key is needed",
        "only the holder of the internal key may reproduce a session",
    )
    .with_errors(errors)
    .with_hint("X-Internal-API-Key: <the host's INTERNAL_API_KEY>"))
}
