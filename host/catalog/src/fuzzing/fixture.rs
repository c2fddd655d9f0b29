//! The SDK's fixtures: records read into templates, and cloned.

use levain_plugin::identity::derive;
use levain_plugin::time::{Clock, Day, Micros, Stamp, day_of};
use levain_plugin::{Field, Fixture, PluginError, Record, Segment, SessionContext, Uuid};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::fuzzing::LONGEST_TEXT;

/// One entity with a field of every kind.
#[derive(Debug, Deserialize)]
struct Loan {
    lent: Stamp,
    day: Option<Stamp>,
}

impl Record for Loan {
    const ENTITY: &'static str = "loan";
    const FIELDS: &'static [Field<Self>] = &[
        Field::id("reader"),
        Field::ids("books"),
        Field::parent_id("head"),
        Field::parent_tenant("house"),
        Field::shifted("seen"),
        Field::shifted_day("due"),
        Field::time("lent", Self::lent),
        Field::day("day", Self::day),
        Field::code("code", "LOAN", Self::date),
    ];

    fn keep(&self, clock: &Clock) -> bool {
        self.day
            .and_then(Stamp::day)
            .is_none_or(|day| clock.keeps(day, -7..0))
    }
}

impl Loan {
    fn date(&self, clock: &Clock) -> Micros {
        clock.resolve(self.lent)
    }

    fn lent(&self, clock: &Clock) -> Option<Micros> {
        Some(self.date(clock)).filter(|time| *time <= clock.now)
    }

    fn day(&self, clock: &Clock) -> Option<Day> {
        self.day.map(|day| day_of(clock.series(day)))
    }
}

/// The fields that a clone changes.
const CHANGED: &[&str] = &[
    "id",
    "tenant_id",
    "reader",
    "books",
    "head",
    "house",
    "seen",
    "due",
    "lent",
    "day",
    "code",
];

const BASE_TENANT: Uuid = Uuid::from_u128(0x1000_0000_0000_4000_8000_0000_0000_0001);
const TENANT: Uuid = Uuid::from_u128(7);
const PARENT: Uuid = Uuid::from_u128(8);

/// A slice of any text is refused in words, or cloned: whole records, ids of the tenant, and all else
/// as it is written.
///
/// # Panics
/// Where it is not.
pub fn fixture(data: &[u8]) {
    let Ok(rows) = std::str::from_utf8(data) else {
        return;
    };
    let slice = [Segment {
        entity: Loan::ENTITY.to_owned(),
        rows: rows.to_owned(),
    }];
    let records = serde_json::from_str::<Vec<Map<String, Value>>>(rows);
    match cloned(&slice) {
        Ok(segments) => {
            match records {
                Ok(records) => check(&segments, &records),
                // Values are passed through as they are written: the host's strict parse refuses these.
                Err(_) => assert!(serde_json::from_str::<Vec<IgnoredAny>>(rows).is_ok()),
            }
            assert!(cloned(&slice).is_ok_and(|again| again == segments));
        }
        Err(error) => assert!(error.to_string().len() <= 6 * rows.len() + LONGEST_TEXT),
    }
}

fn cloned(slice: &[Segment]) -> Result<Vec<Segment>, PluginError> {
    let mut fixture = Fixture::open(slice, &[Loan::ENTITY])?;
    let rows = fixture.rows::<Loan>()?;
    let context = SessionContext {
        session_id: "demo_0001".to_owned(),
        account_type: "town".to_owned(),
        base_tenant_id: BASE_TENANT,
        tenant_id: TENANT,
        parent_tenant_id: Some(PARENT),
        outlet: None,
        session_created_at: 1_772_445_600_000_000,
        base_reference: 1_765_605_600_000_000,
    };
    Ok(fixture.into_ids().cloning(&context)?.with(&rows).finish())
}

fn check(segments: &[Segment], records: &[Map<String, Value>]) {
    let [segment] = segments else {
        assert!(segments.is_empty());
        return;
    };
    let clones = match serde_json::from_str::<Vec<Map<String, Value>>>(&segment.rows) {
        Ok(clones) => clones,
        Err(error) => panic!("the clone is no JSON: {error}: {}", segment.rows),
    };
    // Series records that fall out of their window are left out; the others keep their order.
    let mut originals = records.iter();
    for clone in &clones {
        assert_eq!(
            clone.get("tenant_id"),
            Some(&Value::from(TENANT.to_string()))
        );
        let id = clone.get("id").cloned().unwrap_or_default();
        let original = originals.find(|record| id.as_str() == Some(derived(record).as_str()));
        let Some(original) = original else {
            panic!("a clone of no record: {id}");
        };
        assert!(original.keys().eq(clone.keys()), "fields came or went");
        for (name, value) in original {
            if !CHANGED.contains(&name.as_str()) {
                assert_eq!(clone.get(name), Some(value), "{name}");
            }
        }
    }
}

/// The id that the clone of a record has.
fn derived(record: &Map<String, Value>) -> String {
    let id = record.get("id").and_then(Value::as_str).unwrap_or_default();
    match Uuid::try_parse(id) {
        Ok(BASE_TENANT) => TENANT.to_string(),
        Ok(base) => derive(&TENANT, &base).to_string(),
        Err(_) => String::new(),
    }
}
