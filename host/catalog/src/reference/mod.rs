//! The reference map: which field of which entity refers to which entity, where, and on what
//! conditions (domain specification, section 3).
//!
//! While a record is checked, [`Extract`] keeps the parts that its references need, so that no record has to be
//! parsed again or stay in memory until all domains of a session exist and [`resolve`] runs.

mod condition;
mod extract;
mod load;
mod path;
mod resolve;

pub(super) use extract::Extract;
pub(super) use load::load;
pub(super) use resolve::{Kin, Resolution, Tenant, resolve, resolve_one};

use condition::Condition;
use path::FieldPath;

/// An entity by its number: its place in the catalog's list of all entities.
pub(super) type EntityNumber = usize;

/// The domains' entities in the catalog's order.
#[derive(Debug, Default)]
pub(super) struct Entities(pub(super) Vec<(String, String)>);

impl Entities {
    /// The number of an entity.
    pub(super) fn number(&self, domain: &str, entity: &str) -> Option<EntityNumber> {
        self.0.iter().position(|(d, e)| d == domain && e == entity)
    }

    /// Domain and entity of a number.
    pub(super) fn get(&self, number: EntityNumber) -> Option<(&str, &str)> {
        self.0
            .get(number)
            .map(|(domain, entity)| (domain.as_str(), entity.as_str()))
    }

    /// `domain.entity`, the name of a number in messages.
    pub(super) fn name(&self, number: EntityNumber) -> String {
        self.get(number)
            .map(|(domain, entity)| format!("{domain}.{entity}"))
            .unwrap_or_default()
    }
}

/// Which tenants a reference may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scope {
    /// The same one.
    Own,
    /// The head of the group.
    Parent,
    /// Any outlet of the group.
    Outlets,
    /// Any tenant of the session.
    Session,
}

#[derive(Debug)]
pub(super) enum Target {
    /// Always the same entity.
    Entity(EntityNumber),
    /// The entity that two fields beside the id name.
    Named(Naming),
}

/// The two fields beside an id that say what it is the id of. Beside an array of ids, they stand beside
/// the array.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Naming {
    /// The field with the domain's slug.
    pub(super) domain: String,
    /// The field with the entity's slug.
    pub(super) entity: String,
}

#[derive(Debug)]
pub(super) struct Reference {
    pub(super) path: FieldPath,
    pub(super) target: Target,
    pub(super) scope: Scope,
    pub(super) conditions: Vec<Condition>,
}

/// What an entity's records are asked for.
#[derive(Debug, Default)]
pub(super) struct EntityPlan {
    /// The fields that conditions look at, on either side.
    pub(super) kept: Vec<String>,
    /// The lines of the map that start here.
    pub(super) outgoing: Vec<usize>,
    /// Whether a line of the map ends here.
    pub(super) is_target: bool,
}

impl EntityPlan {
    /// The slot of a kept field; adds the field if it is new.
    fn keep(&mut self, field: &str) -> usize {
        let slot = self.kept.iter().position(|kept| kept == field);
        slot.unwrap_or_else(|| {
            self.kept.push(field.to_owned());
            self.kept.len() - 1
        })
    }
}

#[derive(Debug, Default)]
pub(super) struct References {
    pub(super) list: Vec<Reference>,
    /// By entity number.
    pub(super) plans: Vec<EntityPlan>,
}
