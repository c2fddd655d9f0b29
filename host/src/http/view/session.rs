//! A session, as callers see it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{SessionState, TenantServices, tenant_services, total};
use crate::catalog::{Account, Location};
use crate::repo::SessionRow;
use crate::sessions::SessionPolicy;

/// A session.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    /// Its name. Whoever knows it can end the session: keep it.
    #[schema(example = "demo_3f1c0d5e8a7b49d2b6c4e1f00a9d8c7b")]
    session_id: String,
    /// What it was made of.
    demo_account_type: String,
    /// The tenant that its data belongs to.
    virtual_tenant_id: Option<Uuid>,
    /// The tenant that its fixtures were written for.
    base_tenant_id: Option<Uuid>,
    /// Where it is in its life.
    status: SessionState,
    /// The data clock: the instant that its data is told from.
    session_created_at: DateTime<Utc>,
    /// When it was asked for, on the real clock.
    created_at: DateTime<Utc>,
    /// When its data closes, on the real clock.
    expires_at: DateTime<Utc>,
    /// When cloning ended, on the real clock.
    cloning_completed_at: Option<DateTime<Utc>>,
    /// How long cloning took, in milliseconds.
    #[schema(minimum = 0)]
    duration_ms: Option<f64>,
    /// How often it can still be extended.
    extensions_left: u32,
    /// How to log in; absent where the catalog no longer has the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    credentials: Option<CredentialsView>,
    /// Its outlets.
    children: Vec<ChildView>,
    /// What became of each domain: by tenant, then by domain.
    services: TenantServices,
    /// Records of all domains of all tenants.
    records_total: u64,
    /// How many alerts it raised; absent where none were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    alerts: Option<u64>,
    /// How many insights it has; absent where none were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    insights: Option<u64>,
    /// Why it failed, where it did.
    error: Option<String>,
}

/// How to log in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Credentials)]
pub struct CredentialsView {
    /// The e-mail address of the log-in.
    email: String,
    /// Whom one is logged in as.
    name: String,
    /// Opens the session's data, as a bearer token. Given once, in the answer to the creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "v4.public.…")]
    access_token: Option<String>,
}

/// An outlet.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Child)]
pub struct ChildView {
    /// Its slug within the account.
    outlet: String,
    /// Its name.
    name: String,
    /// The tenant that its data belongs to.
    virtual_tenant_id: Uuid,
    /// The tenant that its fixtures were written for.
    base_tenant_id: Uuid,
    /// Where it is; absent where the catalog no longer has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    location: Option<LocationView>,
}

/// A place, in WGS 84 degrees.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Location)]
pub struct LocationView {
    /// City.
    city: String,
    /// Quarter.
    zone: String,
    /// Degrees north.
    #[schema(minimum = -90, maximum = 90)]
    latitude: f64,
    /// Degrees east.
    #[schema(minimum = -180, maximum = 180)]
    longitude: f64,
}

/// Sessions, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Sessions)]
pub struct SessionsView {
    /// The sessions.
    pub sessions: Vec<SessionView>,
}

impl SessionView {
    /// A session without its token, which only its creator was given.
    #[must_use]
    pub fn new(row: &SessionRow, account: Option<&Account>, policy: SessionPolicy) -> Self {
        let root = row.root();
        Self {
            session_id: row.session_id.clone(),
            demo_account_type: row.account.clone(),
            virtual_tenant_id: root.map(|tenant| tenant.tenant_id),
            base_tenant_id: root.map(|tenant| tenant.base_tenant_id),
            status: row.status.into(),
            session_created_at: row.session_created_at,
            created_at: row.created_at,
            expires_at: row.expires_at,
            cloning_completed_at: row.cloning_completed_at,
            duration_ms: row.duration_ms,
            extensions_left: policy.max_extensions.saturating_sub(row.extensions),
            credentials: account.map(|account| CredentialsView {
                email: account.email.clone(),
                name: account.owner.name.clone(),
                access_token: None,
            }),
            children: children(row, account),
            services: tenant_services(row),
            records_total: records(row),
            alerts: None,
            insights: None,
            error: row.error.clone(),
        }
    }

    /// With the token, for its creator.
    #[must_use]
    pub fn with_token(mut self, token: String) -> Self {
        if let Some(credentials) = &mut self.credentials {
            credentials.access_token = Some(token);
        }
        self
    }
}

fn children(row: &SessionRow, account: Option<&Account>) -> Vec<ChildView> {
    let outlets = account.map_or(&[][..], |account| account.outlets.as_slice());
    row.tenants
        .iter()
        .filter_map(|tenant| {
            let slug = tenant.outlet.as_ref()?;
            let declared = outlets.iter().find(|outlet| outlet.slug == *slug);
            Some(ChildView {
                outlet: slug.clone(),
                name: tenant.name.clone(),
                virtual_tenant_id: tenant.tenant_id,
                base_tenant_id: tenant.base_tenant_id,
                location: declared.map(|outlet| LocationView::from(&outlet.location)),
            })
        })
        .collect()
}

fn records(row: &SessionRow) -> u64 {
    row.tenants
        .iter()
        .flat_map(|tenant| &tenant.services)
        .map(|service| total(&service.records))
        .sum()
}

impl From<&Location> for LocationView {
    fn from(location: &Location) -> Self {
        Self {
            city: location.city.clone(),
            zone: location.zone.clone(),
            latitude: location.latitude,
            longitude: location.longitude,
        }
    }
}
