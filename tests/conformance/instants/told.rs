//! One session as it is told, and what was claimed of it in vain.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use levain_catalog::Catalog;
use levain_plugin::identity;
use levain_plugin::time::{Clock, Stamp};
use serde_json::Value;
use uuid::Uuid;

use crate::support::Records;

/// What the session's records were made from, as the catalog has it.
pub(super) struct Fixtures {
    base: DateTime<Utc>,
    /// By `domain.entity`: base id and record.
    records: BTreeMap<String, Vec<(Uuid, Value)>>,
}

impl Fixtures {
    /// The fixtures of an account.
    pub(super) fn read(catalog: &Catalog, account: &str) -> Self {
        let mut records = BTreeMap::new();
        for (domain, slice) in &catalog.account(account).unwrap().slices {
            for segment in &slice.segments {
                let rows: Vec<Value> = serde_json::from_str(&segment.rows).unwrap();
                let rows = rows.into_iter().map(|row| (id(&row["id"]), row)).collect();
                records.insert(format!("{domain}.{}", segment.entity), rows);
            }
        }
        Self {
            base: catalog.base_reference(),
            records,
        }
    }
}

/// A session, its data clock, and the fixtures that it was made from.
pub(super) struct Told<'f> {
    /// `session_created_at`.
    pub(super) now: DateTime<Utc>,
    /// Its records.
    pub(super) records: Records,
    /// The clock that its plugins went by.
    pub(super) clock: Clock,
    base: DateTime<Utc>,
    /// Fixture records by the id that they have in this session.
    origins: HashMap<Uuid, &'f Value>,
    missed: RefCell<Vec<(String, String)>>,
}

impl<'f> Told<'f> {
    /// A session over its fixtures.
    pub(super) fn new(now: DateTime<Utc>, records: Records, fixtures: &'f Fixtures) -> Self {
        let tenant = id(&records.all("tenant.tenant")[0]["tenant_id"]);
        let all = fixtures.records.values().flatten();
        // The tenant's own record has the tenant's id, which the session gave it.
        let told = |base: &Uuid, row: &Value| match row["tenant_id"] == row["id"] {
            true => tenant,
            false => identity::derive(&tenant, base),
        };
        let origins = all.map(|(base, row)| (told(base, row), row)).collect();
        let clock = Clock {
            now: now.timestamp_micros(),
            base: fixtures.base.timestamp_micros(),
        };
        Self {
            now,
            records,
            clock,
            base: fixtures.base,
            origins,
            missed: RefCell::default(),
        }
    }

    /// What was claimed and did not hold, with what was found instead.
    pub(super) fn missed(&self) -> Vec<(String, String)> {
        self.missed.borrow().clone()
    }

    /// Claims something of the session.
    pub(super) fn claim(&self, claim: &str, holds: bool, found: impl Debug) {
        if !holds {
            let mut found = format!("{found:?}");
            found.truncate(
                found
                    .char_indices()
                    .nth(600)
                    .map_or(found.len(), |(at, _)| at),
            );
            self.missed.borrow_mut().push((claim.to_owned(), found));
        }
    }

    /// Claims that two values are one.
    pub(super) fn same<T: PartialEq + Debug>(&self, claim: &str, found: T, expected: T) {
        self.claim(
            claim,
            found == expected,
            format_args!("{found:?}, not {expected:?}"),
        );
    }

    /// An instant so far from the session's.
    pub(super) fn after(&self, minutes: i64) -> Option<DateTime<Utc>> {
        Some(self.now + Duration::minutes(minutes))
    }

    /// Whether an instant lies in `[from, until)`, days counted from the session's instant.
    pub(super) fn within(&self, instant: Option<DateTime<Utc>>, from: i64, until: i64) -> bool {
        let (from, until) = (
            self.now + Duration::days(from),
            self.now + Duration::days(until),
        );
        instant.is_some_and(|instant| (from..until).contains(&instant))
    }

    /// How many days after the session's day a day is.
    pub(super) fn days_on(&self, day: NaiveDate) -> i64 {
        (day - self.now.date_naive()).num_days()
    }

    /// The fixture's record of one of the session.
    pub(super) fn origin(&self, record: &Value) -> &'f Value {
        self.origins
            .get(&id(&record["id"]))
            .copied()
            .unwrap_or(&Value::Null)
    }

    /// Whether the fixture states this field with a marker, which no calendar moves.
    pub(super) fn is_exact(&self, record: &Value, field: &str) -> bool {
        let stamp = self.origin(record)[field]
            .as_str()
            .and_then(|text| Stamp::parse(text).ok());
        stamp.is_some_and(Stamp::is_marker)
    }

    /// Where a fixture's instant stood: after the base reference or not.
    pub(super) fn was_to_come(&self, instant: DateTime<Utc>) -> bool {
        instant > self.base
    }
}

/// Every record by entity, to be changed.
pub(super) fn rows(records: &Records) -> BTreeMap<String, Vec<Value>> {
    records
        .iter()
        .map(|(entity, rows)| (entity.clone(), rows.clone()))
        .collect()
}

fn id(value: &Value) -> Uuid {
    value.as_str().unwrap().parse().unwrap()
}
