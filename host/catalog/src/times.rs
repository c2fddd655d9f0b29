//! Exact times: a date that the fixtures write as a marker (`BASE_TS - 4h`) is that far from the data
//! clock in every session, to the microsecond (domain specification, section 5).

use std::collections::HashMap;
use std::time::Duration;

use levain_plugin::time::{self, Micros, Stamp};
use uuid::Uuid;

use super::json::{self, Json, push_step};
use super::schema::{Shape, TextKind};
use super::{Catalog, FixtureSlice, Rejection, TenantScope};
use levain_model::Segment;
use levain_model::fault::{Fault, FaultList};

/// The dates of one domain of a tenant that the fixtures write as markers.
#[derive(Debug, Default)]
pub struct ExactTimes {
    domain: String,
    list: Vec<ExactTime>,
}

/// One date.
#[derive(Debug)]
struct ExactTime {
    entity: String,
    base_id: Uuid,
    pointer: String,
    is_day: bool,
    offset: Micros,
}

/// The result of checking the exact times of a clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeReport {
    pub expected: usize,
    /// The largest distance of an existing one from its exact time.
    pub largest_deviation: Duration,
    /// The first that differ or are missing; at most [`Rejection::KEPT`].
    pub faults: Vec<Fault>,
    pub total: usize,
}

impl ExactTimes {
    /// Reads the markers of a fixture slice.
    pub(super) fn read(catalog: &Catalog, domain: &str, slice: &FixtureSlice) -> Self {
        let mut times = Self {
            domain: domain.to_owned(),
            list: Vec::new(),
        };
        for segment in &slice.segments {
            let shape = catalog.schema(domain, &segment.entity).map(|s| &s.shape);
            // A slice is written from parsed records.
            let Ok(Json::List(records)) = json::parse(&segment.rows) else {
                continue;
            };
            for record in &records {
                let id = record.get("id").and_then(Json::as_text);
                let Some(base_id) = id.and_then(TextKind::id) else {
                    continue;
                };
                collect(
                    record,
                    shape,
                    &mut String::new(),
                    &mut |pointer, is_day, offset| {
                        times.list.push(ExactTime {
                            entity: segment.entity.clone(),
                            base_id,
                            pointer: pointer.to_owned(),
                            is_day,
                            offset,
                        });
                    },
                );
            }
        }
        times
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Checks each in the records of a clone of the domain.
    pub(super) fn check(
        &self,
        catalog: &Catalog,
        scope: &TenantScope,
        segments: &[Segment],
    ) -> TimeReport {
        let mut faults = FaultList::new(Rejection::KEPT);
        let clones: HashMap<&str, HashMap<Uuid, Json<'_>>> = segments
            .iter()
            .map(|segment| (segment.entity.as_str(), by_id(&segment.rows)))
            .collect();
        let mut largest = 0;
        for time in &self.list {
            let id = catalog.derived_id(scope, &time.base_id);
            let record = clones
                .get(time.entity.as_str())
                .and_then(|all| all.get(&id));
            let found = record.and_then(|record| record.pointer(&time.pointer));
            let expected = time.expected(scope.session_created_at.timestamp_micros());
            match found.and_then(|found| time.micros(found.as_text()?)) {
                Some(found) if found == expected => {}
                Some(found) => {
                    largest = largest.max(found.abs_diff(expected));
                    faults.push(self.fault(time, id, record, expected));
                }
                None => faults.push(self.fault(time, id, record, expected)),
            }
        }
        let (faults, total) = faults.into_parts();
        TimeReport {
            expected: self.list.len(),
            largest_deviation: Duration::from_micros(largest),
            faults,
            total,
        }
    }

    fn fault(
        &self,
        time: &ExactTime,
        id: Uuid,
        record: Option<&Json<'_>>,
        expected: Micros,
    ) -> Fault {
        let source = format!("{}.{}", self.domain, time.entity);
        let expected = match time.is_day {
            true => time::format_day(time::day_of(expected)),
            false => time::format(expected),
        };
        let Some(record) = record else {
            let message = format!("there is no record {id}, whose date must be {expected}");
            return Fault::new(source, &time.pointer, "exact_time", message);
        };
        let message = format!("record {id}: the date must be {expected}");
        let fault = Fault::new(source, &time.pointer, "exact_time", message);
        match record.pointer(&time.pointer) {
            Some(found) => fault.with_value(&found.to_value()),
            None => fault,
        }
    }
}

impl ExactTime {
    /// The exact time at this data clock; the midnight of a day.
    fn expected(&self, clock: Micros) -> Micros {
        let instant = clock.saturating_add(self.offset);
        match self.is_day {
            true => time::at(time::day_of(instant), 0),
            false => instant,
        }
    }

    /// The time in a record.
    fn micros(&self, text: &str) -> Option<Micros> {
        match self.is_day {
            true => Some(time::at(time::parse_day(text).ok()?, 0)),
            false => time::parse(text).ok(),
        }
    }
}

/// The records of a segment by their ids; none of one that is no list of records.
fn by_id(rows: &str) -> HashMap<Uuid, Json<'_>> {
    let Ok(Json::List(records)) = json::parse(rows) else {
        return HashMap::new();
    };
    let id = |record: &Json<'_>| TextKind::id(record.get("id")?.as_text()?);
    records
        .into_iter()
        .filter_map(|record| Some((id(&record)?, record)))
        .collect()
}

/// Collects the markers in a value: pointer, whether it is a day, and offset.
fn collect(
    value: &Json<'_>,
    shape: Option<&Shape>,
    pointer: &mut String,
    found: &mut impl FnMut(&str, bool, Micros),
) {
    let length = pointer.len();
    match value {
        Json::Text(text) => {
            let is_day = match shape.and_then(|shape| shape.text) {
                Some(TextKind::Instant) => false,
                Some(TextKind::Day) => true,
                Some(TextKind::Id) | None => return,
            };
            let stamp = match is_day {
                true => Stamp::parse_day(text),
                false => Stamp::parse(text),
            };
            if let Ok(Stamp::Marker(offset)) = stamp {
                found(pointer, is_day, offset);
            }
        }
        Json::List(items) => {
            let inner = shape.and_then(|shape| shape.items.as_deref());
            for (index, item) in items.iter().enumerate() {
                push_step(pointer, &index.to_string());
                collect(item, inner, pointer, found);
                pointer.truncate(length);
            }
        }
        Json::Object(fields) => {
            for (name, field) in fields.iter() {
                push_step(pointer, name);
                let inner = shape.and_then(|shape| shape.property(name));
                collect(field, inner, pointer, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}
