//! Checks the output of a trigger for one tenant.

use std::collections::{BTreeMap, BTreeSet};

use super::super::json::{self, Json};
use super::super::session;
use super::super::trigger::{KPI_NAME, OUTLET, STATUS, Trigger};
use super::super::{Catalog, CheckedProduct, CheckedTenant, Rejection, TenantScope};
use super::ids::{ProductIds, RecordIds};
use super::segment::SegmentCheck;
use super::{NAME, kept};
use levain_model::fault::{Fault, FaultList, shortened};
use levain_model::{Phase, Segment, StoredSegment, sha256_hex};

/// The most statuses that are counted separately; all others are counted as [`OTHERS`].
const STATUSES: usize = 32;
const OTHERS: &str = "others";

/// Checks the segments of a trigger for one tenant, with at most `most` records in all.
pub(in super::super) fn check(
    catalog: &Catalog,
    scope: &TenantScope,
    trigger: &Trigger,
    segments: Vec<Segment>,
    session: &[CheckedTenant],
    most: usize,
) -> Result<CheckedProduct, Rejection> {
    let mut faults = FaultList::new(Rejection::KEPT);
    let mut too_many = false;
    let mut checked = CheckedProduct {
        segments: Vec::new(),
        by_status: BTreeMap::new(),
    };
    let writes = &trigger.writes;
    let number = catalog.entities.number(&writes.domain, &writes.entity);
    for segment in segments {
        let source = format!("{}.{}", writes.domain, shortened(&segment.entity, NAME));
        let schema = number
            .filter(|_| segment.entity == writes.entity)
            .and_then(|number| Some((number, catalog.schemas.get(number)?)));
        // A valid catalog has an identity for every entity that triggers write.
        let Some((schema, identity)) =
            schema.and_then(|schema| Some((schema, schema.1.identity.as_ref()?)))
        else {
            let message = format!(
                "the trigger `{}` writes {writes}, and no `{}`",
                trigger.slug,
                shortened(&segment.entity, NAME)
            );
            faults.push(Fault::new(source, "", "foreign_entity", message));
            continue;
        };
        if !checked.segments.is_empty() {
            let message = "an entity has one segment";
            faults.push(Fault::new(source, "", "repeated_entity", message));
            continue;
        }
        let ids = RecordIds::Product(ProductIds::new(identity));
        let mut check = SegmentCheck::new(catalog, scope, schema, &source, ids, &mut faults);
        let mut fields = ProductFields::new(catalog, scope, trigger, &mut checked.by_status);
        let mut seen_records = 0;
        let parsed = json::parse_rows(&segment.rows, most, |index, record| {
            seen_records = index + 1;
            if check.record(index, &record) {
                fields.check(index, &record, &mut check);
            }
        });
        let extract = check.extract;
        too_many |= parsed.is_err() && seen_records >= most;
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(fault) => {
                faults.push(Fault::new(source, fault.pointer, "json", fault.message));
                continue;
            }
        };
        if faults.is_empty() {
            session::check_product(catalog, scope, &extract, session, &mut faults);
        }
        let rows = kept(segment.rows, parsed);
        checked.segments.push(StoredSegment {
            tenant_id: scope.tenant_id,
            domain: writes.domain.clone(),
            entity: segment.entity,
            part: trigger.slug.clone(),
            records: u32::try_from(parsed.records).unwrap_or(u32::MAX),
            digest: sha256_hex(rows.as_bytes()),
            rows,
        });
    }
    Rejection::of(faults, too_many)?;
    Ok(checked)
}

/// The fields of a product that the host reads.
struct ProductFields<'p> {
    trigger: &'p Trigger,
    outlets: BTreeSet<&'p str>,
    by_status: &'p mut BTreeMap<String, u32>,
}

impl<'p> ProductFields<'p> {
    fn new(
        catalog: &'p Catalog,
        scope: &TenantScope,
        trigger: &'p Trigger,
        by_status: &'p mut BTreeMap<String, u32>,
    ) -> Self {
        let account = catalog.account(&scope.account);
        let outlets = account.iter().flat_map(|account| &account.outlets);
        Self {
            trigger,
            outlets: outlets.map(|outlet| outlet.slug.as_str()).collect(),
            by_status,
        }
    }

    fn check(&mut self, index: usize, record: &Json<'_>, check: &mut SegmentCheck<'_>) {
        if let Some(status) = record.get(STATUS).and_then(Json::as_text) {
            let is_new = !self.by_status.contains_key(status);
            let status = match is_new && self.by_status.len() >= STATUSES {
                true => OTHERS,
                false => status,
            };
            // Shortened: a status of a page would stay in the ledger.
            *self.by_status.entry(shortened(status, NAME)).or_default() += 1;
        }
        let value = record.get(OUTLET);
        if let Some(outlet) = value.and_then(Json::as_text)
            && !self.outlets.contains(outlet)
        {
            let message = format!(
                "the account has no outlet `{}`, only {}",
                shortened(outlet, NAME),
                listed(self.outlets.iter().copied())
            );
            check.fault(index, "/outlet", "outlet", message, record, value);
        }
        let value = record.get(KPI_NAME);
        if self.trigger.phase == Phase::Kpis
            && let Some(figure) = value.and_then(Json::as_text)
            && !self.trigger.figures.iter().any(|known| known == figure)
        {
            let message = format!(
                "the trigger `{}` computes {}, and no `{}`",
                self.trigger.slug,
                listed(self.trigger.figures.iter().map(String::as_str)),
                shortened(figure, NAME)
            );
            check.fault(index, "/kpi", "figures", message, record, value);
        }
    }
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}
