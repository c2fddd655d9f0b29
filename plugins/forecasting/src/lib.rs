//! The forecasting domain: demand forecasts.

mod figures;
mod forecast;

use levain_plugin::{
    Fixture, Held, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext, Triggers,
};

use crate::forecast::Forecast;

/// The domain's prepared fixtures.
pub struct Forecasting {
    ids: Ids,
    forecasts: Rows<Forecast>,
}

impl Plugin for Forecasting {
    const ENTITIES: &'static [&'static str] = &[Forecast::ENTITY];

    fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
        let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
        Ok(Self {
            forecasts: fixture.rows()?,
            ids: fixture.into_ids(),
        })
    }

    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
        Ok(self.ids.cloning(ctx)?.with(&self.forecasts).finish())
    }
}

impl Triggers for Forecasting {
    fn kpis(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        match trigger {
            "demand-figures" => figures::demand(ctx, held),
            other => Err(PluginError::no_trigger("kpis", other)),
        }
    }
}

levain_plugin::export!(Forecasting, triggers);
