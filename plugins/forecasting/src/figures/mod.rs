//! Figures of forecasting: how good the forecasts were, and what they expect.

mod accuracy;
mod demand;
mod series;

use std::collections::BTreeMap;

use levain_plugin::product::{self, Kpi, Scope, Scopes, Unit};
use levain_plugin::time::{Day, at, day_of};
use levain_plugin::{Decimal, Held, PluginError, Segment, SessionContext};

use self::accuracy::Accuracy;
use self::demand::Demand;
use self::series::{Forecast, Sale, Series};

/// Compares forecasts and sales of a tenant and its group.
///
/// # Errors
///
/// [`PluginError::Failed`] for sales or forecasts that cannot be read.
pub fn demand(ctx: &SessionContext, held: &Held<'_>) -> Result<Vec<Segment>, PluginError> {
    let today = day_of(ctx.session_created_at);
    let mut series = Scopes::new(held, Series::around(today));
    for (tenant, sales) in held.all::<Sale>("sales", "sale")? {
        for sale in &sales {
            series.add(tenant, |series| series.add_sale(sale));
        }
    }
    for (tenant, forecasts) in held.all::<Forecast>("forecasting", "forecast")? {
        for forecast in &forecasts {
            series.add(tenant, |series| series.add_forecast(forecast));
        }
    }
    let kpis = series.kpis(|scope, series| {
        [
            forecast_accuracy(scope, Accuracy::of(series), today),
            demand_next_week(scope, Demand::of(series), today),
        ]
    });
    product::kpis(ctx, kpis)
}

fn forecast_accuracy(scope: Scope, sum: Accuracy, today: Day) -> Kpi {
    Kpi {
        kpi: "forecast_accuracy",
        scope,
        title: "Precisión de las previsiones",
        key: "kpis.forecast_accuracy.title",
        value: sum.percent(),
        unit: Unit::Percent,
        figures: BTreeMap::from([
            ("missed", sum.missed),
            ("sold", sum.sold),
            ("compared", Decimal::whole(sum.compared)),
        ]),
        window: Some(at(today - accuracy::DAYS, 0)..at(today, 0)),
    }
}

fn demand_next_week(scope: Scope, sum: Demand, today: Day) -> Kpi {
    Kpi {
        kpi: "demand_next_week",
        scope,
        title: "Demanda de la próxima semana",
        key: "kpis.demand_next_week.title",
        value: sum.percent(),
        unit: Unit::Percent,
        figures: BTreeMap::from([("expected", sum.expected), ("sold", sum.sold)]),
        window: Some(at(today - demand::DAYS, 0)..at(today + demand::DAYS, 0)),
    }
}
