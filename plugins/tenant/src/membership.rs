//! What the tenant subscribed to, and who works in it.

use levain_plugin::{Field, Record};
use serde::Deserialize;

/// The tenant's plan.
#[derive(Debug, Deserialize)]
pub struct Subscription {}

impl Record for Subscription {
    const ENTITY: &'static str = "subscription";
    const FIELDS: &'static [Field<Self>] = &[
        Field::shifted("started_at"),
        Field::shifted("current_period_start"),
        Field::shifted("current_period_end"),
        Field::shifted("next_billing_date"),
        Field::shifted("trial_ends_at"),
        Field::shifted("cancelled_at"),
        Field::shifted("created_at"),
        Field::shifted("updated_at"),
    ];
}

/// A user's place in the tenant.
#[derive(Debug, Deserialize)]
pub struct Member {}

impl Record for Member {
    const ENTITY: &'static str = "member";
    const FIELDS: &'static [Field<Self>] = &[
        Field::id("user_id"),
        Field::id("invited_by"),
        Field::shifted("invited_at"),
        Field::shifted("joined_at"),
        Field::shifted("left_at"),
        Field::shifted("created_at"),
    ];
}
