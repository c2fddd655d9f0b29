//! Which ids the records of a segment may have.

use std::collections::HashSet;

use uuid::Uuid;

use super::super::identity::{DerivedIds, IdFault};
use super::super::json::Json;
use super::super::schema::{Identity, TextKind};

/// The allowed ids of a segment's records; each may occur once.
pub(super) enum RecordIds<'c> {
    /// Those that derive from the entity's fixtures.
    Cloned(DerivedIds<'c>),
    /// Those that derive from each record's subject.
    Product(ProductIds<'c>),
}

/// An id that a record may have.
pub(super) struct Claimed<'c> {
    pub(super) id: Uuid,
    /// The id in the fixtures, of a cloned record.
    pub(super) base_id: Option<&'c Uuid>,
}

/// The fault of a record's id: rule and message.
pub(super) type WrongId = (&'static str, String);

impl<'c> RecordIds<'c> {
    /// Claims the id of a record; `None` if the record does not match its schema and has
    /// no id.
    pub(super) fn claim(&mut self, record: &Json<'_>) -> Option<Result<Claimed<'c>, WrongId>> {
        // A text that is not an id does not match the schema.
        let id = TextKind::id(record.get("id")?.as_text()?)?;
        match self {
            Self::Cloned(ids) => Some(match ids.claim(id) {
                Ok(base_id) => Ok(Claimed {
                    id,
                    base_id: Some(base_id),
                }),
                Err(IdFault::Repeated) => Err(repeated()),
                Err(IdFault::Foreign) => Err((
                    "identity",
                    "the id derives from no record of this entity's fixtures in this tenant"
                        .to_owned(),
                )),
            }),
            Self::Product(ids) => ids.claim(id, record),
        }
    }
}

/// The ids of a trigger's records.
pub(super) struct ProductIds<'c> {
    identity: &'c Identity,
    seen: HashSet<Uuid>,
}

impl<'c> ProductIds<'c> {
    pub(super) fn new(identity: &'c Identity) -> Self {
        Self {
            identity,
            seen: HashSet::new(),
        }
    }

    fn claim(&mut self, id: Uuid, record: &Json<'_>) -> Option<Result<Claimed<'c>, WrongId>> {
        let subject = self.identity.subject(record)?;
        let label = self.identity.label(record)?;
        let expected = Identity::derive(&subject, &label);
        Some(if id != expected {
            let message = format!(
                "the id must be {expected}, which derives from its `{}`, {subject}, and `{label}`",
                self.identity.subject
            );
            Err(("identity", message))
        } else if self.seen.insert(id) {
            Ok(Claimed { id, base_id: None })
        } else {
            Err(repeated())
        })
    }
}

fn repeated() -> WrongId {
    ("unique", "another record has the same id".to_owned())
}
