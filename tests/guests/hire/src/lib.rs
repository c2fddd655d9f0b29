//! Riders, and who has which bike until when.

mod rule;

use levain_plugin::{
    CleanupPlan, EntityCount, Field, Fixture, Ids, Plugin, PluginError, Record, Rows, Segment,
    SessionContext,
};
use serde::Deserialize;

/// Somebody who hires bikes, and somebody who lends them.
#[derive(Debug, Deserialize)]
pub struct Rider {}

impl Record for Rider {
    const ENTITY: &'static str = "rider";
    const FIELDS: &'static [Field<Self>] = &[Field::shifted("joined_at")];
}

/// A bike that is out, or was.
#[derive(Debug, Deserialize)]
pub struct Hire {}

impl Record for Hire {
    const ENTITY: &'static str = "hire";
    const FIELDS: &'static [Field<Self>] = &[
        Field::id("bike_id"),
        Field::id("rider_id"),
        Field::shifted("out_at"),
        Field::shifted("due_at"),
        Field::shifted("back_at"),
    ];
}

/// The domain's prepared fixtures.
pub struct Hires {
    ids: Ids,
    riders: Rows<Rider>,
    hires: Rows<Hire>,
}

impl Plugin for Hires {
    const ENTITIES: &'static [&'static str] = &[Rider::ENTITY, Hire::ENTITY];

    fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
        let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
        Ok(Self {
            riders: fixture.rows()?,
            hires: fixture.rows()?,
            ids: fixture.into_ids(),
        })
    }

    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
        let cloning = self.ids.cloning(ctx)?;
        let honest = cloning.with(&self.riders).with(&self.hires).finish();
        rule::applied(ctx, honest)
    }

    fn cleanup(_: &SessionContext, held: &[EntityCount]) -> Result<CleanupPlan, PluginError> {
        let held_of = |entity: &&str| held.iter().find(|held| held.entity == **entity);
        let dependents_first = Self::ENTITIES.iter().rev();
        let honest = CleanupPlan {
            deletions: dependents_first.filter_map(held_of).cloned().collect(),
            notices: Vec::new(),
        };
        Ok(rule::planned(honest, held))
    }
}

levain_plugin::export!(Hires);
