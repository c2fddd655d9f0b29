//! The products of a session that are shown: open alerts and KPIs.

use serde::Deserialize;
use serde_json::Value;
use ureq::http::Method;

use super::view::Session;
use crate::cli::client::{Call, session_path};
use crate::cli::failure::Failure;
use crate::cli::host::HostArguments;
use crate::cli::text::{Column, Grid, NOTHING};
use levain_model::Secret;

/// The most urgent first; unknown ones come last.
const SEVERITIES: [&str; 3] = ["red", "orange", "yellow"];

#[derive(Debug, Default)]
pub(super) struct Products {
    alerts: Vec<Alert>,
    figures: Vec<Figure>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Alert {
    tenant_id: String,
    outlet: Option<String>,
    severity: String,
    title: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Figure {
    tenant_id: String,
    scope: String,
    kpi: String,
    title: Option<String>,
    value: Value,
    unit: Option<String>,
    reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct List<T> {
    data: Vec<T>,
}

impl Products {
    /// Reads products with the session's token or the internal key; `None` without either, or if the
    /// session is not open or has no triggers.
    pub(super) fn read(
        session: &Session,
        host: &HostArguments,
        key: Option<&Secret>,
    ) -> Result<Option<Self>, Failure> {
        let credentials = session.credentials.as_ref();
        let token = credentials.and_then(|credentials| credentials.access_token.as_deref());
        let is_open = session.status == "READY" || session.status == "PARTIAL";
        if !is_open || session.has_no_triggers() || (token.is_none() && key.is_none()) {
            return Ok(None);
        }
        let client = host.client();
        let path = session_path(&session.session_id)?;
        let get =
            |path: &str| client.call(Call::new(Method::GET, path).with_key(key).with_token(token));
        let alerts: List<Alert> = get(&format!("{path}/alerts?status=open&limit=1000"))?.read()?;
        let figures: List<Figure> = get(&format!("{path}/kpis"))?.read()?;
        let mut alerts = alerts.data;
        alerts.sort_by_key(|alert| {
            let mut severities = SEVERITIES.iter();
            severities
                .position(|severity| *severity == alert.severity)
                .unwrap_or(SEVERITIES.len())
        });
        Ok(Some(Self {
            alerts,
            figures: figures.data,
        }))
    }

    /// The open alerts, the most urgent first; `None` if there are none.
    pub(super) fn alerts(&self, session: &Session) -> Option<Grid> {
        if self.alerts.is_empty() {
            return None;
        }
        let mut grid = Grid::new(&[
            Column::Left("severity"),
            Column::Left("place"),
            Column::Left("open alert"),
        ]);
        for alert in &self.alerts {
            let place = match &alert.outlet {
                Some(outlet) => session.outlet_name(outlet),
                None => session.tenant_name(&alert.tenant_id),
            };
            grid.line(vec![
                alert.severity.clone(),
                place.to_owned(),
                alert.title.clone(),
            ]);
        }
        Some(grid)
    }

    /// The KPIs; `None` if there are none.
    pub(super) fn figures(&self, session: &Session) -> Option<Grid> {
        if self.figures.is_empty() {
            return None;
        }
        let mut grid = Grid::new(&[
            Column::Left("of"),
            Column::Left("figure"),
            Column::Right("value"),
            Column::Left("unit"),
        ]);
        for figure in &self.figures {
            let whose = match figure.scope.as_str() {
                "group" => "the group",
                _ => session.tenant_name(&figure.tenant_id),
            };
            let name = figure.title.as_deref().unwrap_or(&figure.kpi);
            let (value, unit) = match &figure.value {
                Value::Null => (NOTHING.to_owned(), figure.reason.as_deref()),
                value => (value.to_string(), figure.unit.as_deref()),
            };
            grid.line(vec![
                whose.to_owned(),
                name.to_owned(),
                value,
                unit.unwrap_or_default().to_owned(),
            ]);
        }
        Some(grid)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn session() -> Session {
        serde_json::from_value(json!({
            "session_id": "demo_1", "demo_account_type": "library", "account_name": "x", "virtual_tenant_id": "t1",
            "children": [{ "outlet": "kiosk", "name": "Kiosk", "virtual_tenant_id": "t2" }],
        }))
        .unwrap()
    }

    #[test]
    fn alerts_and_figures_are_shown_by_place() {
        let products = Products {
            alerts: serde_json::from_value(json!([
                { "tenant_id": "t1", "outlet": "kiosk", "severity": "red", "title": "Books gone" },
                { "tenant_id": "t1", "severity": "yellow", "title": "Books late" },
            ]))
            .unwrap(),
            figures: serde_json::from_value(json!([
                { "tenant_id": "t1", "scope": "tenant", "kpi": "lent", "title": "Lent", "value": 87, "unit": "percent" },
                { "tenant_id": "t1", "scope": "group", "kpi": "lent", "value": null, "reason": "`lending` of Kiosk was not cloned" },
            ]))
            .unwrap(),
        };
        assert_eq!(
            products.alerts(&session()).unwrap().to_string(),
            " severity   place     open alert
─────────────────────────────────
 red        Kiosk     Books gone
 yellow     library   Books late"
        );
        assert_eq!(
            products.figures(&session()).unwrap().to_string(),
            " of          figure   value   unit
────────────────────────────────────────────────────────────────
 library     Lent        87   percent
 the group   lent         -   `lending` of Kiosk was not cloned"
        );
        assert!(Products::default().alerts(&session()).is_none());
        assert!(Products::default().figures(&session()).is_none());
    }
}
