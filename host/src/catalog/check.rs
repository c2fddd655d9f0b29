//! Checks what a plugin returned: every record of every segment, in one parse, with no shortcut for
//! an output that was seen before.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::identity::{DerivedIds, IdFault};
use super::json::{self, Json};
use super::reference::Extract;
use super::rules::{self, RuleState};
use super::schema::{EntitySchema, TextKind};
use super::{Catalog, CheckedDomain, Domain, Rejection, TenantScope};
use crate::fault::{Fault, FaultList, shortened};
use crate::segment::{Segment, StoredSegment, sha256_hex};

/// The most of a name that a plugin made up that is repeated in a fault.
const NAME: usize = 80;

/// Checks the segments of one domain of one tenant, of at most `most` records in all.
pub(super) fn check(
    catalog: &Catalog,
    scope: &TenantScope,
    domain: &Domain,
    segments: Vec<Segment>,
    most: usize,
) -> Result<CheckedDomain, Rejection> {
    let mut left = most;
    let mut too_many = false;
    let mut faults = FaultList::new(Rejection::KEPT);
    let mut seen = BTreeSet::new();
    let mut checked = CheckedDomain {
        domain: domain.slug.clone(),
        segments: Vec::new(),
        extracts: Vec::new(),
    };
    for segment in segments {
        let source = format!("{}.{}", domain.slug, shortened(&segment.entity, NAME));
        let owned = domain.entities.contains(&segment.entity);
        let number = catalog
            .entities
            .number(&domain.slug, &segment.entity)
            .filter(|_| owned);
        let Some((number, schema)) =
            number.and_then(|number| Some((number, catalog.schemas.get(number)?)))
        else {
            let message = format!(
                "the domain owns {}, and no `{}`",
                domain.entities.join(", "),
                shortened(&segment.entity, NAME)
            );
            faults.push(Fault::new(source, "", "foreign_entity", message));
            continue;
        };
        if !seen.insert(segment.entity.clone()) {
            faults.push(Fault::new(
                source,
                "",
                "repeated_entity",
                "an entity has one segment",
            ));
            continue;
        }
        let mut check = SegmentCheck {
            catalog,
            schema,
            source: &source,
            tenant_id: scope.tenant_id.to_string(),
            ids: DerivedIds::new(
                scope,
                catalog.base_ids(scope, &domain.slug, &segment.entity),
            ),
            state: RuleState::default(),
            extract: Extract::new(number),
            faults: &mut faults,
        };
        let mut seen_records = 0;
        let parsed = json::parse_rows(&segment.rows, left, |index, record| {
            seen_records = index + 1;
            check.record(index, &record);
        });
        let extract = check.extract;
        too_many |= parsed.is_err() && seen_records >= left;
        left = left.saturating_sub(seen_records);
        match parsed {
            Ok(records) => {
                checked.extracts.push(extract);
                checked.segments.push(StoredSegment {
                    tenant_id: scope.tenant_id,
                    domain: domain.slug.clone(),
                    entity: segment.entity,
                    records: u32::try_from(records).unwrap_or(u32::MAX),
                    digest: sha256_hex(segment.rows.as_bytes()),
                    rows: segment.rows,
                });
            }
            Err(fault) => faults.push(Fault::new(source, fault.pointer, "json", fault.message)),
        }
    }
    if faults.total() > 0 {
        let (faults, total) = faults.into_parts();
        return Err(Rejection {
            faults,
            total,
            too_many,
        });
    }
    Ok(checked)
}

struct SegmentCheck<'c> {
    catalog: &'c Catalog,
    schema: &'c EntitySchema,
    source: &'c str,
    tenant_id: String,
    ids: DerivedIds<'c>,
    state: RuleState,
    extract: Extract,
    faults: &'c mut FaultList,
}

impl<'c> SegmentCheck<'c> {
    fn record(&mut self, index: usize, record: &Json<'_>) {
        let Some(fields) = record.as_object() else {
            return self.fault(
                index,
                "",
                "schema",
                "a record is an object".to_owned(),
                record,
                Some(record),
            );
        };
        let valid = self.schema.validator.is_valid(record);
        if !valid && self.faults.is_full() {
            // Counted and not described: an output that is wrong in every record is told by the first.
            self.faults.count();
        } else if !valid {
            for miss in self.schema.validator.misses(record) {
                let message = named(record, index, &miss.message);
                let fault = Fault::new(
                    self.source,
                    format!("/{index}{}", miss.pointer),
                    "schema",
                    message,
                );
                self.faults.push(fault.with_value(&miss.value));
            }
        }
        // Tenant and id are checked of records that miss their schema too: another tenant's id must
        // be named, whatever else is wrong.
        let tenant = fields.get("tenant_id");
        if tenant.and_then(Json::as_text) != Some(self.tenant_id.as_str()) {
            let message = format!(
                "`tenant_id` must be that of the session's tenant, {}",
                self.tenant_id
            );
            self.fault(index, "/tenant_id", "tenant", message, record, tenant);
        }
        let base_id = self.claim(index, record);
        if let (Some((id, _)), true) = (base_id, self.faults.is_empty()) {
            // A domain with a fault is not kept, nor are its references looked at.
            self.extract.add(&self.catalog.references, id, record);
        }
        if !valid {
            return;
        }
        let mut broken = Vec::new();
        rules::check(
            &self.schema.rules,
            fields,
            index,
            base_id.map(|(_, base_id)| base_id),
            &mut self.state,
            |fault| broken.push(fault),
        );
        for fault in broken {
            let pointer = format!("/{}", fault.field);
            self.fault(
                index,
                &pointer,
                fault.rule,
                fault.message,
                record,
                fields.get(fault.field),
            );
        }
    }

    /// The record's id and its base id; what is wrong with it is a fault.
    fn claim(&mut self, index: usize, record: &Json<'_>) -> Option<(Uuid, &'c Uuid)> {
        let value = record.get("id");
        let text = value.and_then(Json::as_text)?;
        // A text that is no id misses the schema.
        let id = TextKind::id(text)?;
        match self.ids.claim(id) {
            Ok(base_id) => return Some((id, base_id)),
            Err(IdFault::Repeated) => {
                self.fault(
                    index,
                    "/id",
                    "unique",
                    "another record has the same id".to_owned(),
                    record,
                    value,
                );
            }
            Err(IdFault::Foreign) => {
                let message =
                    "the id derives from no record of this entity's fixtures in this tenant"
                        .to_owned();
                self.fault(index, "/id", "identity", message, record, value);
            }
        }
        None
    }

    fn fault(
        &mut self,
        index: usize,
        pointer: &str,
        rule: &str,
        message: String,
        record: &Json<'_>,
        value: Option<&Json<'_>>,
    ) {
        let message = named(record, index, &message);
        let fault = Fault::new(self.source, format!("/{index}{pointer}"), rule, message);
        self.faults.push(match value {
            Some(value) => fault.with_value(&value.to_value()),
            None => fault,
        });
    }
}

/// A message that begins with the record's id, or its place where it has none.
fn named(record: &Json<'_>, index: usize, message: &str) -> String {
    match record.get("id").and_then(Json::as_text) {
        Some(id) => format!("record {}: {message}", shortened(id, NAME)),
        None => format!("record #{index}: {message}"),
    }
}
