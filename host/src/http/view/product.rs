//! What triggers made, over the tenants of a session.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use levain_model::TriggerStatus;

/// A page of alerts: of the account's own tenant first, then of each outlet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alerts)]
pub struct AlertsView<'a> {
    /// The alerts, exactly as they are stored.
    #[schema(value_type = Vec<std::collections::BTreeMap<String, serde_json::Value>>)]
    pub data: Vec<&'a RawValue>,
    /// How many there are that match the filters, on all pages.
    pub total: usize,
    /// What to give as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// A page of insights: of the account's own tenant first, then of each outlet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Insights)]
pub struct InsightsView<'a> {
    /// The insights, exactly as they are stored.
    #[schema(value_type = Vec<std::collections::BTreeMap<String, serde_json::Value>>)]
    pub data: Vec<&'a RawValue>,
    /// How many there are that match the filters, on all pages.
    pub total: usize,
    /// What to give as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// The KPIs of a session: of the account's own tenant first, then of each outlet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Kpis)]
pub struct KpisView {
    /// The KPIs. One whose trigger did not complete is there with a null value and the reason.
    pub data: Vec<KpiView>,
}

/// A KPI as it is stored, or what there is to say of one that could not be computed: then `kpi`,
/// `scope`, `tenant_id`, `outlet` and a null `value`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = KpiResult)]
pub struct KpiView {
    /// The fields of its record.
    #[serde(flatten)]
    pub record: Map<String, Value>,
    /// What became of the trigger that computes it.
    pub status: TriggerStatus,
    /// Why there is no value, where its trigger did not complete.
    pub reason: Option<String>,
}
