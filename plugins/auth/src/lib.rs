//! The auth domain: users.

mod user;

use levain_plugin::{Fixture, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext};

use crate::user::User;

/// The domain's prepared fixtures.
pub struct Auth {
    ids: Ids,
    users: Rows<User>,
}

impl Plugin for Auth {
    const ENTITIES: &'static [&'static str] = &[User::ENTITY];

    fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
        let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
        Ok(Self {
            users: fixture.rows()?,
            ids: fixture.into_ids(),
        })
    }

    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
        Ok(self.ids.cloning(ctx)?.with(&self.users).finish())
    }
}

levain_plugin::export!(Auth);
