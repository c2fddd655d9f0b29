//! Figures of a tenant as a whole: the alerts that wait for somebody (domain specification, section 4.1).

use std::collections::BTreeMap;

use levain_plugin::product::{self, Kpi, Scopes, Unit};
use levain_plugin::{Decimal, Held, PluginError, Segment, SessionContext};
use serde::Deserialize;

/// The fields of an alert that are counted.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Alert {
    status: Status,
    severity: Severity,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Status {
    Open,
    #[serde(other)]
    SeenTo,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Severity {
    Red,
    Orange,
    #[serde(other)]
    Lesser,
}

/// Open alerts by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Open {
    red: i64,
    orange: i64,
    lesser: i64,
}

impl Open {
    /// Counts an alert that nobody has taken on yet.
    fn add(&mut self, alert: Alert) {
        if alert.status == Status::Open {
            *match alert.severity {
                Severity::Red => &mut self.red,
                Severity::Orange => &mut self.orange,
                Severity::Lesser => &mut self.lesser,
            } += 1;
        }
    }
}

/// Counts the open alerts of a tenant and its group.
///
/// # Errors
///
/// [`PluginError::Failed`] for alerts that cannot be read.
pub fn alerts(ctx: &SessionContext, held: &Held<'_>) -> Result<Vec<Segment>, PluginError> {
    let mut sums = Scopes::new(held, Open::default());
    for (tenant, alerts) in held.all::<Alert>("alert_processor", "alert")? {
        for alert in alerts {
            sums.add(tenant, |open| open.add(alert));
        }
    }
    let kpis = sums.kpis(|scope, open| {
        [Kpi {
            kpi: "open_alerts",
            scope,
            title: "Alertas abiertas",
            key: "kpis.open_alerts.title",
            value: Some(Decimal::whole(open.red + open.orange + open.lesser)),
            unit: Unit::Count,
            figures: BTreeMap::from([
                ("red", Decimal::whole(open.red)),
                ("orange", Decimal::whole(open.orange)),
                ("yellow", Decimal::whole(open.lesser)),
            ]),
            window: None,
        }]
    });
    product::kpis(ctx, kpis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_open_is_counted() {
        let alerts: Vec<Alert> = serde_json::from_str(
            r#"[{"status":"open","severity":"red","title":"a"},{"status":"open","severity":"yellow"},
                {"status":"acknowledged","severity":"red"},{"status":"resolved","severity":"orange"},
                {"status":"open","severity":"orange"},{"status":"open","severity":"red"}]"#,
        )
        .unwrap();
        let mut open = Open::default();
        alerts.into_iter().for_each(|alert| open.add(alert));
        assert_eq!(
            open,
            Open {
                red: 2,
                orange: 1,
                lesser: 1
            }
        );
    }
}
