//! A session, as callers see it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{TenantServices, TenantTriggers, tenant_services, tenant_triggers, total};
use crate::http::problem::printable;
use crate::sessions::SessionPolicy;
use levain_catalog::{Account, Location};
use levain_model::{Phase, Session, SessionStatus, TriggerOutcome, TriggerStatus};

/// The status of an alert that nobody has dealt with.
const OPEN: &str = "open";

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
    status: SessionStatus,
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
    /// What became of each trigger: by tenant, then by its name.
    triggers: TenantTriggers,
    /// Records of all domains of all tenants, with what triggers made.
    records_total: u64,
    /// How many alerts it raised; absent where no trigger has looked for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    alerts: Option<AlertCounts>,
    /// How many insights it has; absent where no trigger has looked for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    insights: Option<InsightCounts>,
    /// Why it failed, where it did.
    error: Option<String>,
}

/// How many alerts there are, over all tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertCounts {
    /// All of them, those that were dealt with too.
    total: u64,
    /// Those that are open.
    open: u64,
}

/// How many insights there are, over all tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct InsightCounts {
    /// All of them.
    total: u64,
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
    /// What to give as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl SessionView {
    /// A session without its token, which only its creator was given.
    #[must_use]
    pub fn new(row: &Session, account: Option<&Account>, policy: SessionPolicy) -> Self {
        let root = row.root();
        Self {
            session_id: row.session_id.clone(),
            demo_account_type: row.account.clone(),
            virtual_tenant_id: root.map(|tenant| tenant.tenant_id),
            base_tenant_id: root.map(|tenant| tenant.base_tenant_id),
            status: row.status,
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
            triggers: tenant_triggers(row),
            records_total: records(row),
            alerts: made(row, Phase::Alerts).map(|rows| AlertCounts {
                total: rows.iter().map(|made| u64::from(made.records)).sum(),
                open: rows
                    .iter()
                    .filter_map(|made| made.by_status.get(OPEN))
                    .map(|open| u64::from(*open))
                    .sum(),
            }),
            insights: made(row, Phase::Insights).map(|rows| InsightCounts {
                total: rows.iter().map(|made| u64::from(made.records)).sum(),
            }),
            error: row.error.as_deref().map(printable),
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

fn children(row: &Session, account: Option<&Account>) -> Vec<ChildView> {
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

fn records(row: &Session) -> u64 {
    let cloned = row.tenants.iter().flat_map(|tenant| &tenant.services);
    let made = row.tenants.iter().flat_map(|tenant| &tenant.triggers);
    cloned
        .map(|service| total(&service.records))
        .chain(made.map(|trigger| u64::from(trigger.records)))
        .sum()
}

/// The triggers of a phase that completed; `None` where none did.
fn made(row: &Session, phase: Phase) -> Option<Vec<&TriggerOutcome>> {
    let triggers = row.tenants.iter().flat_map(|tenant| &tenant.triggers);
    let completed: Vec<&TriggerOutcome> = triggers
        .filter(|made| made.phase == phase && made.status == TriggerStatus::Completed)
        .collect();
    (!completed.is_empty()).then_some(completed)
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
