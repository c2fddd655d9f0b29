//! Who can sign in.

use levain_plugin::{Field, Record};
use serde::Deserialize;

/// A user.
#[derive(Debug, Deserialize)]
pub struct User {}

impl Record for User {
    const ENTITY: &'static str = "user";
    const FIELDS: &'static [Field<Self>] = &[
        Field::shifted("verified_at"),
        Field::shifted("last_login_at"),
        Field::shifted("created_at"),
        Field::shifted("updated_at"),
    ];
}
