//! An entity's schema, compiled once: what is valid, which columns its view has, which fields hold
//! ids and dates, and the rules that JSON Schema cannot say.

mod column;
mod identity;
mod keywords;
mod load;
mod shape;
mod validator;

pub(super) use identity::Identity;
pub(super) use keywords::hint;
pub(super) use levain_model::fault::nearest;
pub(super) use load::load;
pub(super) use shape::{Shape, TextKind};
pub(super) use validator::{RecordValidator, is_instant};

use serde_json::Value;

use super::rules::Rule;
use levain_model::Column;

#[derive(Debug)]
pub struct EntitySchema {
    pub(super) domain: String,
    pub(super) entity: String,
    pub(super) document: Value,
    pub(super) columns: Vec<Column>,
    pub(super) shape: Shape,
    pub(super) validator: RecordValidator,
    pub(super) rules: Vec<Rule>,
    /// What the id of a record derives from, where triggers make the records.
    pub(super) identity: Option<Identity>,
}

impl EntitySchema {
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    #[must_use]
    pub fn entity(&self) -> &str {
        &self.entity
    }

    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The columns of the entity's SQL view, in the order of the schema's properties.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }
}
