//! A plugin that misbehaves as its fixture tells it to: the field `behaviour` of its first record
//! names what to do; `trigger-` before it has the plugin clone honestly, and its trigger misbehave. One component shows the host every kind of fault.

mod misbehave;
mod raise;

use levain_plugin::{
    CleanupPlan, EntityCount, Field, Fixture, Held, Ids, Level, Plugin, PluginError, Record, Rows,
    Segment, SessionContext, Triggers, log,
};

#[derive(serde::Deserialize)]
struct Note {}

impl Record for Note {
    const ENTITY: &'static str = "note";
    const FIELDS: &'static [Field<Self>] = &[Field::id("about_id")];
}

/// Its prepared fixture, and how it is to behave.
pub struct Puppet {
    ids: Ids,
    notes: Rows<Note>,
    behaviour: String,
}

impl Plugin for Puppet {
    const ENTITIES: &'static [&'static str] = &[Note::ENTITY];

    fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
        let behaviour = misbehave::behaviour(slice);
        if behaviour == "loop-in-prepare" {
            misbehave::spin();
        }
        let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
        let notes: Rows<Note> = fixture.rows()?;
        Ok(Self {
            notes,
            ids: fixture.into_ids(),
            behaviour,
        })
    }

    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
        log(Level::Debug, &format!("behaving as {}", self.behaviour));
        let honest = self.ids.cloning(ctx)?.with(&self.notes).finish();
        misbehave::as_told(&self.behaviour, Note::ENTITY, ctx, honest)
    }

    fn cleanup(ctx: &SessionContext, _: &[EntityCount]) -> Result<CleanupPlan, PluginError> {
        let remarks = if ctx.account_type == "remarks" { 50 } else { 0 };
        Ok(CleanupPlan {
            // It forgets everything: the host deletes all the same.
            deletions: Vec::new(),
            notices: vec![misbehave::at_length(); remarks],
        })
    }
}

impl Triggers for Puppet {
    fn alerts(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        raise::alerts(ctx, trigger, held)
    }

    fn kpis(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        raise::figures(ctx, trigger, held)
    }
}

levain_plugin::export!(Puppet, triggers);
