//! The sales domain: daily sales per product.

mod figures;
mod sale;

use levain_plugin::{
    Fixture, Held, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext, Triggers,
};

use crate::sale::Sale;

/// The domain's prepared fixtures.
pub struct Sales {
    ids: Ids,
    sales: Rows<Sale>,
}

impl Plugin for Sales {
    const ENTITIES: &'static [&'static str] = &[Sale::ENTITY];

    fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
        let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
        Ok(Self {
            sales: fixture.rows()?,
            ids: fixture.into_ids(),
        })
    }

    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
        Ok(self.ids.cloning(ctx)?.with(&self.sales).finish())
    }
}

impl Triggers for Sales {
    fn kpis(
        ctx: &SessionContext,
        trigger: &str,
        held: &Held<'_>,
    ) -> Result<Vec<Segment>, PluginError> {
        match trigger {
            "margin-figures" => figures::margin(ctx, held),
            other => Err(PluginError::no_trigger("kpis", other)),
        }
    }
}

levain_plugin::export!(Sales, triggers);
