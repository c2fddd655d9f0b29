//! The suppliers domain: suppliers and their contracts.

mod supplier;

use levain_plugin::{Fixture, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext};

use crate::supplier::Supplier;

/// The domain's prepared fixtures.
pub struct Suppliers {
    ids: Ids,
    suppliers: Rows<Supplier>,
}

impl Plugin for Suppliers {
    const ENTITIES: &'static [&'static str] = &[Supplier::ENTITY];

    fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
        let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
        Ok(Self {
            suppliers: fixture.rows()?,
            ids: fixture.into_ids(),
        })
    }

    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
        Ok(self.ids.cloning(ctx)?.with(&self.suppliers).finish())
    }
}

levain_plugin::export!(Suppliers);
