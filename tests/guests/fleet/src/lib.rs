//! Bikes of a hire, and when each was serviced.

use levain_plugin::{
    Field, Fixture, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext,
};
use serde::Deserialize;

/// A bike.
#[derive(Debug, Deserialize)]
pub struct Bike {}

impl Record for Bike {
    const ENTITY: &'static str = "bike";
    const FIELDS: &'static [Field<Self>] = &[Field::shifted("bought_at")];
}

/// A visit to the workshop.
#[derive(Debug, Deserialize)]
pub struct Service {}

impl Record for Service {
    const ENTITY: &'static str = "service";
    const FIELDS: &'static [Field<Self>] = &[
        Field::id("bike_id"),
        Field::id("done_by"),
        Field::shifted("done_at"),
    ];
}

/// The domain's prepared fixtures.
pub struct Fleet {
    ids: Ids,
    bikes: Rows<Bike>,
    services: Rows<Service>,
}

impl Plugin for Fleet {
    const ENTITIES: &'static [&'static str] = &[Bike::ENTITY, Service::ENTITY];

    fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
        let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
        Ok(Self {
            bikes: fixture.rows()?,
            services: fixture.rows()?,
            ids: fixture.into_ids(),
        })
    }

    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
        let cloning = self.ids.cloning(ctx)?;
        Ok(cloning.with(&self.bikes).with(&self.services).finish())
    }
}

levain_plugin::export!(Fleet);
