//! What a candidate makes of the records that the active version does not: by entity, record and field.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use levain_model::StoredSegment;
use levain_model::fault::{CUT, shortened};

/// How many examples are kept of each kind of change.
const EXAMPLES: usize = 3;

/// How the output of two versions differs, over every instant of the proof.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    /// The entities that differ, by domain, entity and trigger.
    pub entities: Vec<EntityDifference>,
}

/// What differs of one entity.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityDifference {
    /// The domain that owns it.
    pub domain: String,
    /// The entity.
    pub entity: String,
    /// The slug of the trigger that makes it; empty for what a clone makes.
    pub part: String,
    /// Records that only the candidate makes.
    pub added: Changes,
    /// Records that only the active version makes.
    pub removed: Changes,
    /// Records that both make, and not alike.
    pub changed: u64,
    /// The fields that are not alike, by name.
    pub fields: Vec<FieldDifference>,
    /// Tenants and instants at which the records are the same and their order or spelling is not.
    pub spelt_otherwise: u64,
    /// What all sessions of the proof store of it.
    pub stored: StoredBytes,
}

/// Bytes of segments, as they are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoredBytes {
    /// Those of the active version.
    pub before: u64,
    /// Those of the candidate.
    pub after: u64,
}

/// One field that is not alike.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldDifference {
    /// Its name.
    pub field: String,
    /// In which records.
    pub changes: Changes,
}

/// Records, each counted once however many instants it differs at, with the first examples.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// How many.
    pub records: u64,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// One record at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The account.
    pub account: String,
    /// The outlet's slug; `None` for the account's own tenant.
    pub outlet: Option<String>,
    /// The data clock.
    pub instant: DateTime<Utc>,
    /// The record's id.
    pub id: String,
    /// The field's value of the active version; `None` where it has none, and for whole records. A value of more
    /// than a line is a text: its JSON, cut.
    pub before: Option<Value>,
    /// The field's value of the candidate, likewise.
    pub after: Option<Value>,
}

impl Difference {
    /// Whether both make the same bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }
}

/// Where records are of.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) account: String,
    pub(super) instant: DateTime<Utc>,
    /// The session's tenants and their outlets.
    pub(super) tenants: Vec<(Uuid, Option<String>)>,
}

/// Gathers a difference, place by place.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    entities: BTreeMap<Entity, Gathered>,
    /// Of every entity, also where nothing differs.
    stored: BTreeMap<Entity, StoredBytes>,
}

/// A domain, an entity of it, and the trigger that makes it.
type Entity = (String, String, String);

#[derive(Debug, Default)]
struct Gathered {
    added: Marks,
    removed: Marks,
    changed: BTreeSet<(Uuid, String)>,
    fields: BTreeMap<String, Marks>,
    spelt_otherwise: u64,
}

/// Records by tenant and id.
#[derive(Debug, Default)]
struct Marks {
    records: BTreeSet<(Uuid, String)>,
    examples: Vec<Example>,
}

impl Marks {
    fn mark(&mut self, tenant: Uuid, id: &str, example: impl FnOnce() -> Example) {
        let new = self.records.insert((tenant, id.to_owned()));
        if new && self.examples.len() < EXAMPLES {
            self.examples.push(example());
        }
    }

    fn into_changes(self) -> Changes {
        Changes {
            records: self.records.len() as u64,
            examples: self.examples,
        }
    }
}

type Records = BTreeMap<String, Map<String, Value>>;

impl Gathering {
    /// Compares the output of two versions for one session.
    pub(super) fn add<'s>(
        &mut self,
        place: &Place,
        before: impl Iterator<Item = &'s StoredSegment>,
        after: impl Iterator<Item = &'s StoredSegment>,
    ) {
        let before = by_name(before);
        let after = by_name(after);
        let names: BTreeSet<_> = before.keys().chain(after.keys()).copied().collect();
        for name in names {
            let (before, after) = (before.get(&name).copied(), after.get(&name).copied());
            let (_, domain, entity, part) = name;
            let key = (domain.to_owned(), entity.to_owned(), part.to_owned());
            let stored = self.stored.entry(key).or_default();
            stored.before += before.map_or(0, str::len) as u64;
            stored.after += after.map_or(0, str::len) as u64;
            let (before, after) = (before.unwrap_or("[]"), after.unwrap_or("[]"));
            if before != after {
                self.compare(place, name, before, after);
            }
        }
    }

    fn compare(&mut self, place: &Place, name: Name<'_>, before: &str, after: &str) {
        let (tenant, domain, entity, part) = name;
        let key = (domain.to_owned(), entity.to_owned(), part.to_owned());
        let gathered = self.entities.entry(key).or_default();
        let (before, after) = (records(before), records(after));
        let outlet = place.tenants.iter().find(|(id, _)| *id == tenant);
        let outlet = outlet.and_then(|(_, outlet)| outlet.clone());
        let example = |id: &str, before: Option<&Value>, after: Option<&Value>| Example {
            account: place.account.clone(),
            outlet: outlet.clone(),
            instant: place.instant,
            id: id.to_owned(),
            before: before.map(example_value),
            after: after.map(example_value),
        };
        let mut alike = true;
        for (id, record) in &before {
            let Some(other) = after.get(id) else {
                alike = false;
                gathered
                    .removed
                    .mark(tenant, id, || example(id, None, None));
                continue;
            };
            if record == other {
                continue;
            }
            alike = false;
            gathered.changed.insert((tenant, id.clone()));
            let fields: BTreeSet<&String> = record.keys().chain(other.keys()).collect();
            for field in fields {
                let (was, is) = (record.get(field), other.get(field));
                if was != is {
                    let marks = gathered.fields.entry(field.clone()).or_default();
                    marks.mark(tenant, id, || example(id, was, is));
                }
            }
        }
        for id in after.keys().filter(|id| !before.contains_key(*id)) {
            alike = false;
            gathered.added.mark(tenant, id, || example(id, None, None));
        }
        gathered.spelt_otherwise += u64::from(alike);
    }

    /// What was gathered.
    pub(super) fn into_difference(self) -> Difference {
        let Self { entities, stored } = self;
        let entities = entities.into_iter().map(|(name, gathered)| {
            let stored = stored.get(&name).copied().unwrap_or_default();
            let (domain, entity, part) = name;
            let fields = gathered.fields.into_iter();
            EntityDifference {
                domain,
                entity,
                part,
                added: gathered.added.into_changes(),
                removed: gathered.removed.into_changes(),
                changed: gathered.changed.len() as u64,
                fields: fields
                    .map(|(field, marks)| FieldDifference {
                        field,
                        changes: marks.into_changes(),
                    })
                    .collect(),
                spelt_otherwise: gathered.spelt_otherwise,
                stored,
            }
        });
        Difference {
            entities: entities.collect(),
        }
    }
}

type Name<'s> = (Uuid, &'s str, &'s str, &'s str);

fn by_name<'s>(segments: impl Iterator<Item = &'s StoredSegment>) -> BTreeMap<Name<'s>, &'s str> {
    segments
        .map(|held| {
            let name = (
                held.tenant_id,
                held.domain.as_str(),
                held.entity.as_str(),
                held.part.as_str(),
            );
            (name, held.rows.as_str())
        })
        .collect()
}

/// A value as an example shows it.
fn example_value(value: &Value) -> Value {
    const LONGEST: usize = 240;
    let shown = shortened(value, LONGEST);
    match shown.ends_with(CUT) {
        true => Value::String(shown),
        false => value.clone(),
    }
}

/// Records by id. What is handed over was checked: it is an array of objects with ids.
fn records(rows: &str) -> Records {
    let records: Vec<Map<String, Value>> = serde_json::from_str(rows).unwrap_or_default();
    let id = |record: &Map<String, Value>| {
        let id = record.get("id").and_then(Value::as_str);
        id.unwrap_or_default().to_owned()
    };
    records
        .into_iter()
        .map(|record| (id(&record), record))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use levain_model::sha256_hex;

    fn held(tenant: u128, entity: &str, rows: &Value) -> StoredSegment {
        let rows = rows.to_string();
        StoredSegment {
            tenant_id: Uuid::from_u128(tenant),
            domain: "lending".to_owned(),
            entity: entity.to_owned(),
            part: String::new(),
            records: 0,
            digest: sha256_hex(rows.as_bytes()),
            rows,
        }
    }

    fn place(instant: &str) -> Place {
        Place {
            account: "library".to_owned(),
            instant: instant.parse().unwrap(),
            tenants: vec![
                (Uuid::from_u128(1), None),
                (Uuid::from_u128(2), Some("branch".to_owned())),
            ],
        }
    }

    #[test]
    fn difference_names_what_differs_and_nothing_else() {
        let loans =
            |due: &str| json!([{"id": "a", "due": due, "n": 1}, {"id": "b", "due": "x", "n": 2}]);
        let before = [
            held(1, "loan", &loans("monday")),
            held(2, "loan", &loans("monday")),
            held(1, "fine", &json!([{"id": "f"}])),
            held(1, "reader", &json!([{"id": "m"}, {"id": "n"}])),
        ];
        let after = [
            held(1, "loan", &loans("monday")),
            held(2, "loan", &loans("friday")),
            held(1, "fee", &json!([{"id": "f", "of": null}])),
            held(1, "reader", &json!([{"id": "n"}, {"id": "m"}])),
        ];
        let mut gathering = Gathering::default();
        for instant in ["2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z"] {
            gathering.add(&place(instant), before.iter(), after.iter());
        }
        let difference = gathering.into_difference();
        let told: Vec<_> = difference
            .entities
            .iter()
            .map(|one| {
                let fields = one.fields.iter();
                let fields: Vec<_> = fields
                    .map(|field| (field.field.as_str(), field.changes.records))
                    .collect();
                let counts = (one.added.records, one.removed.records, one.changed);
                (one.entity.as_str(), counts, fields, one.spelt_otherwise)
            })
            .collect();
        assert_eq!(
            told,
            [
                ("fee", (1, 0, 0), vec![], 0),
                ("fine", (0, 1, 0), vec![], 0),
                ("loan", (0, 0, 1), vec![("due", 1)], 0),
                ("reader", (0, 0, 0), vec![], 2),
            ]
        );
        let bytes = |of: &[StoredSegment], entity: &str| {
            let of = of.iter().filter(|held| held.entity == entity);
            2 * of.map(|held| held.rows.len() as u64).sum::<u64>()
        };
        assert_eq!(
            difference.entities[2].stored,
            StoredBytes {
                before: bytes(&before, "loan"),
                after: bytes(&after, "loan"),
            }
        );
        assert_eq!(difference.entities[1].stored.after, 0);
        let example = &difference.entities[2].fields[0].changes.examples[0];
        assert_eq!(example.outlet.as_deref(), Some("branch"));
        assert_eq!(example.before, Some(json!("monday")));
        assert_eq!(example.after, Some(json!("friday")));

        let long = [held(1, "loan", &loans(&"x".repeat(1 << 20)))];
        let mut longer = Gathering::default();
        let instant = place("2026-03-02T10:00:00Z");
        longer.add(&instant, before.iter().take(1), long.iter());
        let longer = longer.into_difference();
        let example = &longer.entities[0].fields[0].changes.examples[0];
        assert_eq!(example.before, Some(json!("monday")));
        let shown = example.after.as_ref().unwrap().as_str().unwrap();
        assert!(shown.len() == 240 && shown.ends_with(CUT), "{shown}");

        let mut same = Gathering::default();
        same.add(&place("2026-03-02T10:00:00Z"), before.iter(), before.iter());
        assert!(same.into_difference().is_empty());
    }
}
