//! The tenant domain: the tenant itself, its subscription and its members.

mod figures;
mod membership;
mod tenant;

use levain_plugin::{
    Fixture, Held, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext, Triggers,
};

use crate::membership::{Member, Subscription};
use crate::tenant::TenantRecord;

/// The domain's prepared fixtures.
pub struct Tenant {
    ids: Ids,
    tenants: Rows<TenantRecord>,
    subscriptions: Rows<Subscription>,
    members: Rows<Member>,
}

impl Plugin for Tenant {
    const ENTITIES: &'static [&'static str] =
        &[TenantRecord::ENTITY, Subscription::ENTITY, Member::ENTITY];

    fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
        let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
        Ok(Self {
            tenants: fixture.rows()?,
            subscriptions: fixture.rows()?,
            members: fixture.rows()?,
            ids: fixture.into_ids(),
        })
    }

    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
        Ok(self
            .ids
            .cloning(ctx)?
            .with(&self.tenants)
            .with(&self.subscriptions)
            .with(&self.members)
            .finish())
    }
}

impl Triggers for Tenant {
    fn kpis(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        match trigger {
            "alert-figures" => figures::alerts(ctx, held),
            other => Err(PluginError::no_trigger("kpis", other)),
        }
    }
}

levain_plugin::export!(Tenant, triggers);
