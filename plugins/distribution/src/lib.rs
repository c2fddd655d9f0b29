//! The distribution domain: vehicles, routes with their stops, the runs and what they carry.

mod alerts;
mod fleet;
mod run;
mod series;
mod transfer;

use levain_plugin::{
    Fixture, Held, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext, Triggers,
};

use crate::fleet::{DeliveryRoute, RouteStop, Vehicle};
use crate::run::RouteRun;
use crate::transfer::GoodsTransfer;

/// The domain's prepared fixtures.
pub struct Distribution {
    ids: Ids,
    vehicles: Rows<Vehicle>,
    routes: Rows<DeliveryRoute>,
    stops: Rows<RouteStop>,
    runs: Rows<RouteRun>,
    transfers: Rows<GoodsTransfer>,
}

impl Plugin for Distribution {
    const ENTITIES: &'static [&'static str] = &[
        Vehicle::ENTITY,
        DeliveryRoute::ENTITY,
        RouteStop::ENTITY,
        RouteRun::ENTITY,
        GoodsTransfer::ENTITY,
    ];

    fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
        let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
        Ok(Self {
            vehicles: fixture.rows()?,
            routes: fixture.rows()?,
            stops: fixture.rows()?,
            runs: fixture.rows()?,
            transfers: fixture.rows()?,
            ids: fixture.into_ids(),
        })
    }

    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
        Ok(self
            .ids
            .cloning(ctx)?
            .with(&self.vehicles)
            .with(&self.routes)
            .with(&self.stops)
            .with(&self.runs)
            .with(&self.transfers)
            .finish())
    }
}

impl Triggers for Distribution {
    fn alerts(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        match trigger {
            "route-alerts" => alerts::raise(ctx, held),
            other => Err(PluginError::no_trigger("alerts", other)),
        }
    }
}

levain_plugin::export!(Distribution, triggers);
