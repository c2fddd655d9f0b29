//! The forecasting domain: demand forecasts.

mod forecast;

use levain_plugin::{Fixture, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext};

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

levain_plugin::export!(Forecasting);
