//! The orders domain: customers and their orders.

mod customer;
mod order;

use levain_plugin::{Fixture, Ids, Plugin, PluginError, Record, Rows, Segment, SessionContext};

use crate::customer::Customer;
use crate::order::{CustomerOrder, OrderItem};

/// The domain's prepared fixtures.
pub struct Orders {
    ids: Ids,
    customers: Rows<Customer>,
    orders: Rows<CustomerOrder>,
    items: Rows<OrderItem>,
}

impl Plugin for Orders {
    const ENTITIES: &'static [&'static str] =
        &[Customer::ENTITY, CustomerOrder::ENTITY, OrderItem::ENTITY];

    fn prepare(slice: &[Segment]) -> Result<Self, PluginError> {
        let mut fixture = Fixture::open(slice, Self::ENTITIES)?;
        Ok(Self {
            customers: fixture.rows()?,
            orders: fixture.rows()?,
            items: fixture.rows()?,
            ids: fixture.into_ids(),
        })
    }

    fn clone_tenant(&self, ctx: &SessionContext) -> Result<Vec<Segment>, PluginError> {
        Ok(self
            .ids
            .cloning(ctx)?
            .with(&self.customers)
            .with(&self.orders)
            .with(&self.items)
            .finish())
    }
}

levain_plugin::export!(Orders);
