//! Figures of the dashboard: records of `dashboard.kpi`.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;
use uuid::Uuid;

use super::{made_id, segment};
use crate::Decimal;
use crate::contract::{PluginError, Segment, SessionContext};
use crate::time::{Instant, Micros};

/// A figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kpi {
    /// Which figure; with the scope, it is what tells one from another.
    pub kpi: &'static str,
    /// Of whom.
    pub scope: Scope,
    /// Its name, in Spanish.
    pub title: &'static str,
    /// i18n key of the name.
    pub key: &'static str,
    /// Its value, rounded; none where there is nothing to compute it from.
    pub value: Option<Decimal>,
    /// The unit of the value.
    pub unit: Unit,
    /// The sums that it rests on, by name; at least one.
    pub figures: BTreeMap<&'static str, Decimal>,
    /// The window of the records; none for a figure of the moment.
    pub window: Option<Range<Micros>>,
}

/// Whom a figure is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The tenant alone.
    Tenant,
    /// The group that it heads: itself and all outlets.
    Group,
}

/// The unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Unit {
    Percent,
    Count,
    Eur,
    Units,
}

/// A figure as it is stored.
#[derive(Serialize)]
struct Record<'a> {
    id: Uuid,
    tenant_id: Uuid,
    outlet: Option<&'a str>,
    scope: Scope,
    kpi: &'a str,
    title: &'a str,
    i18n_key: &'a str,
    value: Option<Decimal>,
    unit: Unit,
    figures: &'a BTreeMap<&'static str, Decimal>,
    window_from: Option<Instant>,
    window_to: Option<Instant>,
    computed_at: Instant,
}

/// Writes figures, by scope and name.
///
/// # Errors
///
/// [`PluginError::Failed`] where one cannot be written.
pub fn kpis(ctx: &SessionContext, mut kpis: Vec<Kpi>) -> Result<Vec<Segment>, PluginError> {
    kpis.sort_by_key(|kpi| (kpi.scope, kpi.kpi));
    let records: Vec<Record<'_>> = kpis
        .iter()
        .map(|kpi| Record {
            id: made_id(&ctx.tenant_id, &kpi.label()),
            tenant_id: ctx.tenant_id,
            outlet: ctx.outlet.as_deref(),
            scope: kpi.scope,
            kpi: kpi.kpi,
            title: kpi.title,
            i18n_key: kpi.key,
            value: kpi.value,
            unit: kpi.unit,
            figures: &kpi.figures,
            window_from: kpi.window.as_ref().map(|window| Instant(window.start)),
            window_to: kpi.window.as_ref().map(|window| Instant(window.end)),
            computed_at: Instant(ctx.session_created_at),
        })
        .collect();
    segment("kpi", &records)
}

impl Kpi {
    /// What it is to its tenant.
    fn label(&self) -> String {
        let scope = match self.scope {
            Scope::Tenant => "tenant",
            Scope::Group => "group",
        };
        format!("{scope}/{}", self.kpi)
    }
}
