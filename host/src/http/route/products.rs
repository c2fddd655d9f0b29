//! The products of triggers: alerts, insights and KPIs, over the tenants of a session.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::http::HttpState;
use crate::http::access::Access;
use crate::http::client::ReadTurn;
use crate::http::extract::{PathParams, QueryPairs};
use crate::http::openapi::refusal::{
    BadRequest, NotOpen, NothingThere, SessionOver, StoreUnavailable, TokenRefused,
};
use crate::http::params::{FiguresParams, ListingParams};
use crate::http::problem::{Problem, Violation, printable};
use crate::http::records::{Cursor, Filter, Page, digest_of, impossible, select};
use crate::http::view::{AlertsView, InsightsView, KpiView, KpisView};
use levain_catalog::{EntityRef, Relation, Trigger};
use levain_model::{Phase, Session, StoredSegment, Tenant, TriggerOutcome, TriggerStatus};

/// List the alerts of a session
///
/// Of all its tenants, the account's own first, a page at a time.
#[utoipa::path(
    get,
    path = "/api/demo/sessions/{session_id}/alerts",
    tag = "data",
    params(
        ("session_id" = String, Path, description = "The session"),
        ("severity" = Option<String>, Query, description = "Of this severity; may be repeated, as every filter may"),
        ("outlet" = Option<String>, Query, description = "Felt at this outlet, by its slug; `null`: at the account's own tenant"),
        ("type" = Option<String>, Query, description = "Of this type"),
        ("status" = Option<String>, Query, description = "In this status"),
        ListingParams,
    ),
    security(("access_token" = []), ("internal_key" = [])),
    responses(
        (status = 200, description = "A page of alerts.", body = AlertsView<'static>),
        BadRequest, TokenRefused, NothingThere, NotOpen, SessionOver, StoreUnavailable,
    ),
)]
pub(super) async fn list_alerts(
    State(state): State<HttpState>,
    access: Access,
    PathParams(session_id): PathParams<String>,
    query: QueryPairs,
    turn: ReadTurn,
) -> Result<Response, Problem> {
    let params = ListingParams::read(query)?;
    alerts(&state, &access, &session_id, params, turn).await
}

/// List the alerts of a tenant
///
/// As those of a session, of one of its tenants.
#[utoipa::path(
    get,
    path = "/alerts",
    tag = "data",
    params(
        ("tenant_id" = uuid::Uuid, Query, description = "The tenant"),
        ("severity" = Option<String>, Query, description = "Of this severity; may be repeated, as every filter may"),
        ("outlet" = Option<String>, Query, description = "Felt at this outlet, by its slug; `null`: at the account's own tenant"),
        ("type" = Option<String>, Query, description = "Of this type"),
        ("status" = Option<String>, Query, description = "In this status"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "At most so many; 100 where it is not given"),
        ("cursor" = Option<String>, Query, description = "Where the page begins: `next_cursor` of the page before"),
        ("filters" = Option<HashMap<String, String>>, Query, style = Form, explode, description = "`field=value`, for every other field, as records are filtered"),
    ),
    security(("access_token" = []), ("internal_key" = [])),
    responses(
        (status = 200, description = "A page of alerts.", body = AlertsView<'static>),
        BadRequest, TokenRefused, NothingThere, NotOpen, SessionOver, StoreUnavailable,
    ),
)]
pub(super) async fn list_tenant_alerts(
    State(state): State<HttpState>,
    access: Access,
    query: QueryPairs,
    turn: ReadTurn,
) -> Result<Response, Problem> {
    let params = ListingParams::read(query)?;
    let tenant_id = params.tenant_id.ok_or_else(|| {
        Problem::invalid(vec![Violation::of("tenant_id", "`tenant_id` is missing")])
    })?;
    let session_id = access.session_of(&state, tenant_id).await?;
    alerts(&state, &access, &session_id, params, turn).await
}

/// List the insights of a session
///
/// Of all its tenants, the account's own first, a page at a time.
#[utoipa::path(
    get,
    path = "/api/demo/sessions/{session_id}/insights",
    tag = "data",
    params(
        ("session_id" = String, Path, description = "The session"),
        ("outlet" = Option<String>, Query, description = "Of this outlet, by its slug; `null`: of the account's own tenant"),
        ("type" = Option<String>, Query, description = "Of this type; may be repeated, as every filter may"),
        ListingParams,
    ),
    security(("access_token" = []), ("internal_key" = [])),
    responses(
        (status = 200, description = "A page of insights.", body = InsightsView<'static>),
        BadRequest, TokenRefused, NothingThere, NotOpen, SessionOver, StoreUnavailable,
    ),
)]
pub(super) async fn list_insights(
    State(state): State<HttpState>,
    access: Access,
    PathParams(session_id): PathParams<String>,
    query: QueryPairs,
    turn: ReadTurn,
) -> Result<Response, Problem> {
    let params = ListingParams::read(query)?;
    let products = Products::find(
        &state,
        &access,
        &session_id,
        params.tenant_id,
        Phase::Insights,
    )
    .await?;
    let selection = products.selection(&state, &params)?;
    turn.run(move || {
        let (page, next_cursor) = products.page(&selection)?;
        let view = InsightsView {
            total: page.total,
            data: page.records,
            next_cursor,
        };
        Ok(Json(view).into_response())
    })
    .await?
}

/// List the KPIs of a session
///
/// Of all its tenants, the account's own first, and of the group that it heads.
#[utoipa::path(
    get,
    path = "/api/demo/sessions/{session_id}/kpis",
    tag = "data",
    params(
        ("session_id" = String, Path, description = "The session"),
        FiguresParams,
    ),
    security(("access_token" = []), ("internal_key" = [])),
    responses(
        (status = 200, description = "The KPIs; one that could not be computed has a null value and the reason.", body = KpisView),
        BadRequest, TokenRefused, NothingThere, NotOpen, SessionOver, StoreUnavailable,
    ),
)]
pub(super) async fn list_kpis(
    State(state): State<HttpState>,
    access: Access,
    PathParams(session_id): PathParams<String>,
    query: QueryPairs,
    turn: ReadTurn,
) -> Result<Response, Problem> {
    let params = FiguresParams::read(query)?;
    let tenant_id = params.tenant_id;
    let filters = params.into_filters();
    let products = Products::find(&state, &access, &session_id, tenant_id, Phase::Kpis).await?;
    products.check_values(&state, &filters)?;
    turn.run(move || {
        let mut data = Vec::new();
        for tenant in &products.tenants {
            data.extend(products.computed(tenant)?);
            data.extend(missing(
                &products.session,
                tenant,
                state.sessions.catalog().triggers(),
            ));
        }
        data.retain(|figure| filters.iter().all(|filter| filter.matches(&figure.record)));
        Ok(Json(KpisView { data }).into_response())
    })
    .await?
}

async fn alerts(
    state: &HttpState,
    access: &Access,
    session_id: &str,
    params: ListingParams,
    turn: ReadTurn,
) -> Result<Response, Problem> {
    let products =
        Products::find(state, access, session_id, params.tenant_id, Phase::Alerts).await?;
    let selection = products.selection(state, &params)?;
    turn.run(move || {
        let (page, next_cursor) = products.page(&selection)?;
        let view = AlertsView {
            total: page.total,
            data: page.records,
            next_cursor,
        };
        Ok(Json(view).into_response())
    })
    .await?
}

/// Which of the records are asked for.
struct Selection {
    filters: Vec<Filter>,
    /// The digest of the segments, which a cursor is bound to.
    digest: String,
    from: usize,
    limit: usize,
}

/// The products of the triggers of a phase, for some tenants of a session.
struct Products {
    session: Session,
    tenants: Vec<Tenant>,
    /// Their entity; `None` if the catalog has no trigger of the phase.
    entity: Option<EntityRef>,
    /// In the order of the tenants, then of the triggers' names.
    segments: Vec<StoredSegment>,
}

impl Products {
    async fn find(
        state: &HttpState,
        access: &Access,
        session_id: &str,
        tenant_id: Option<uuid::Uuid>,
        phase: Phase,
    ) -> Result<Self, Problem> {
        let (session, tenant) = access.open(state, session_id, tenant_id).await?;
        let tenants = match tenant_id {
            Some(_) => vec![tenant],
            None => session.tenants.clone(),
        };
        let entity = state.sessions.catalog().product(phase).cloned();
        let mut segments = Vec::new();
        for tenant in &tenants {
            if let Some(EntityRef { domain, entity }) = &entity {
                let own = state.sessions.segments(tenant.tenant_id, domain, entity);
                segments.extend(own.await?);
            }
        }
        if segments.is_empty() {
            // No product, or all of it was deleted since the session was read.
            access.open(state, session_id, tenant_id).await?;
        }
        Ok(Self {
            session,
            tenants,
            entity,
            segments,
        })
    }

    /// Reads which of the records are asked for.
    fn selection(&self, state: &HttpState, params: &ListingParams) -> Result<Selection, Problem> {
        let fields = self.entity.as_ref().map_or_else(Vec::new, |products| {
            state.fields(&products.domain, &products.entity)
        });
        let filters = params.filters(&fields)?;
        self.check_values(state, &filters)?;
        let digest = digest_of(&self.segments);
        Ok(Selection {
            filters,
            from: params.from(&digest)?,
            digest,
            limit: params.limit(),
        })
    }

    /// A page, and where the next one begins.
    fn page(&self, asked: &Selection) -> Result<(Page<'_>, Option<String>), Problem> {
        let rows = self.segments.iter().map(|segment| segment.rows.as_str());
        let page = select(rows, &asked.filters, asked.from, asked.limit)
            .map_err(|error| unreadable(&error))?;
        let next = page.next;
        let next = next.map(|position| Cursor::write(&asked.digest, position));
        Ok((page, next))
    }

    /// # Errors
    /// 400 for every value that a field never has.
    fn check_values(&self, state: &HttpState, filters: &[Filter]) -> Result<(), Problem> {
        let catalog = state.sessions.catalog();
        let entity = self.entity.as_ref();
        let schema = entity.and_then(|entity| catalog.schema(&entity.domain, &entity.entity));
        let schema = schema.map_or(&Value::Null, |schema| schema.document());
        let tenants = self.session.tenants.iter();
        let outlets: Vec<&str> = tenants
            .filter_map(|tenant| tenant.outlet.as_deref())
            .collect();
        let faults = impossible(filters, schema, &outlets);
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Problem::invalid(faults).with_code("unknown_value")),
        }
    }

    /// The KPIs that a tenant has.
    fn computed(&self, tenant: &Tenant) -> Result<Vec<KpiView>, Problem> {
        let mut figures = Vec::new();
        let segments = self.segments.iter();
        for segment in segments.filter(|segment| segment.tenant_id == tenant.tenant_id) {
            let records: Vec<Map<String, Value>> =
                serde_json::from_str(&segment.rows).map_err(|error| unreadable(&error))?;
            figures.extend(records.into_iter().map(|record| KpiView {
                record,
                status: TriggerStatus::Completed,
                reason: None,
            }));
        }
        Ok(figures)
    }
}

/// The KPIs that a tenant would have, had their triggers completed.
fn missing(session: &Session, tenant: &Tenant, triggers: &[Trigger]) -> Vec<KpiView> {
    let rows = tenant.triggers.iter();
    rows.filter(|row| row.status != TriggerStatus::Completed)
        .filter_map(|row| {
            let trigger = triggers
                .iter()
                .find(|trigger| trigger.slug == row.trigger)?;
            Some((row, trigger))
        })
        .flat_map(|(row, trigger)| {
            let scopes = scopes(session, tenant, trigger);
            trigger.figures.iter().flat_map(move |figure| {
                let figures = scopes.iter();
                figures
                    .map(|scope| unknown(tenant, row, figure, scope))
                    .collect::<Vec<_>>()
            })
        })
        .collect()
}

/// Whether the KPIs of a trigger are of the tenant alone, or also of the group that it heads.
fn scopes(session: &Session, tenant: &Tenant, trigger: &Trigger) -> Vec<&'static str> {
    let has_outlets = tenant.outlet.is_none() && session.tenants.len() > 1;
    let mut reads = trigger.reads.iter();
    match has_outlets && reads.any(|read| read.from.contains(&Relation::Outlets)) {
        true => vec!["tenant", "group"],
        false => vec!["tenant"],
    }
}

fn unknown(tenant: &Tenant, row: &TriggerOutcome, figure: &str, scope: &str) -> KpiView {
    let text = |text: &str| Value::String(text.to_owned());
    let record = [
        ("tenant_id", text(&tenant.tenant_id.to_string())),
        ("outlet", tenant.outlet.as_deref().map_or(Value::Null, text)),
        ("kpi", text(figure)),
        ("scope", text(scope)),
        ("value", Value::Null),
    ];
    let failure = row.error.as_ref().map(|error| error.message.clone());
    KpiView {
        record: record
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        status: row.status,
        reason: row.reason.clone().or(failure).as_deref().map(printable),
    }
}

fn unreadable(error: &serde_json::Error) -> Problem {
    tracing::error!(%error, "a stored segment cannot be read");
    Problem::internal()
}
