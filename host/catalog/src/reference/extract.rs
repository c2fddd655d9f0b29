//! The parts of records that are kept until the references of a whole session are resolved.

use std::collections::HashMap;
use std::sync::OnceLock;

use uuid::Uuid;

use super::super::json::Json;
use super::super::schema::TextKind;
use super::condition::Scalar;
use super::path::Places;
use super::{Entities, EntityNumber, Naming, References, Target};

/// The parts of one entity's records of one tenant that references need.
#[derive(Debug, Clone)]
pub(crate) struct Extract {
    pub(super) entity: EntityNumber,
    /// The ids of the records, in their order.
    pub(super) ids: Vec<Uuid>,
    /// Index by id, if a line of the map leads to the entity.
    by_id: HashMap<Uuid, u32>,
    /// Index by id of the other entities, built when a record names one: in few sessions, and for few entities.
    named: OnceLock<HashMap<Uuid, u32>>,
    /// The kept fields of each record, one record after the other.
    pub(super) kept: Vec<Scalar>,
    /// Every id that a record refers to.
    pub(super) outgoing: Vec<Outgoing>,
}

/// One id that a record refers to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outgoing {
    /// The record, by its place in `ids`.
    pub(super) record: u32,
    /// The line of the map.
    pub(super) reference: u32,
    /// Where in the field.
    pub(super) places: Places,
    /// The entity that it leads to; `None` where the record names none that there is.
    pub(super) entity: Option<u32>,
    pub(super) target: Uuid,
}

impl Extract {
    pub(crate) fn new(entity: EntityNumber) -> Self {
        Self {
            entity,
            ids: Vec::new(),
            by_id: HashMap::new(),
            named: OnceLock::new(),
            kept: Vec::new(),
            outgoing: Vec::new(),
        }
    }

    /// Keeps what is needed of one valid record.
    pub(crate) fn add<'j>(
        &mut self,
        references: &References,
        entities: &Entities,
        id: Uuid,
        record: &'j Json<'j>,
    ) {
        let Some(plan) = references.plans.get(self.entity) else {
            return;
        };
        let place = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        self.ids.push(id);
        if plan.is_target {
            self.by_id.insert(id, place);
        }
        self.kept
            .extend(plan.kept.iter().map(|field| Scalar::of(record.get(field))));
        for number in &plan.outgoing {
            let Some(reference) = references.list.get(*number) else {
                continue;
            };
            reference.path.each(record, &mut |value, places, holder| {
                if let Some(target) = value.as_text().and_then(TextKind::id) {
                    let entity = match &reference.target {
                        Target::Entity(number) => Some(*number),
                        Target::Named(naming) => naming.entity(holder, entities),
                    };
                    self.outgoing.push(Outgoing {
                        record: place,
                        reference: u32::try_from(*number).unwrap_or(u32::MAX),
                        places,
                        entity: entity.and_then(|number| u32::try_from(number).ok()),
                        target,
                    });
                }
            });
        }
    }

    /// Index of the record with an id.
    pub(super) fn find(&self, id: &Uuid) -> Option<u32> {
        if self.by_id.len() == self.ids.len() {
            return self.by_id.get(id).copied();
        }
        let index = || self.ids.iter().copied().zip(0..).collect();
        self.named.get_or_init(index).get(id).copied()
    }

    /// The kept fields of one record.
    pub(super) fn kept(&self, references: &References, record: u32) -> &[Scalar] {
        let width = references
            .plans
            .get(self.entity)
            .map_or(0, |plan| plan.kept.len());
        let start = usize::try_from(record)
            .unwrap_or(usize::MAX)
            .saturating_mul(width);
        self.kept
            .get(start..start.saturating_add(width))
            .unwrap_or_default()
    }

    pub(super) fn id(&self, record: u32) -> Uuid {
        usize::try_from(record)
            .ok()
            .and_then(|place| self.ids.get(place))
            .copied()
            .unwrap_or_default()
    }
}

impl Naming {
    /// The entity that an object names.
    fn entity(&self, holder: &Json<'_>, entities: &Entities) -> Option<EntityNumber> {
        let text = |field: &str| holder.get(field).and_then(Json::as_text);
        entities.number(text(&self.domain)?, text(&self.entity)?)
    }
}
