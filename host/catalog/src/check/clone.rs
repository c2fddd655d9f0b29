//! Checks the clone of one domain of one tenant.

use std::collections::BTreeSet;

use super::super::identity::DerivedIds;
use super::super::json;
use super::super::{Catalog, CheckedDomain, Domain, Rejection, TenantScope};
use super::ids::RecordIds;
use super::segment::SegmentCheck;
use super::{NAME, kept};
use levain_model::fault::{Fault, FaultList, shortened};
use levain_model::{Segment, StoredSegment, sha256_hex};

/// Checks the segments of one domain of one tenant, of at most `most` records in all.
pub(in super::super) fn check(
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
        if domain.triggered {
            let message = format!(
                "`{}` is triggered: its records are made by triggers and never cloned",
                domain.slug
            );
            faults.push(Fault::new(source, "", "triggered_domain", message));
            continue;
        }
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
        let bases = catalog.base_ids(scope, &domain.slug, &segment.entity);
        let ids = RecordIds::Cloned(DerivedIds::new(scope, bases));
        let mut check =
            SegmentCheck::new(catalog, scope, (number, schema), &source, ids, &mut faults);
        let mut seen_records = 0;
        let parsed = json::parse_rows(&segment.rows, left, |index, record| {
            seen_records = index + 1;
            check.record(index, &record);
        });
        let extract = check.extract;
        too_many |= parsed.is_err() && seen_records >= left;
        left = left.saturating_sub(seen_records);
        match parsed {
            Ok(parsed) => {
                let rows = kept(segment.rows, parsed);
                checked.extracts.push(extract);
                checked.segments.push(StoredSegment {
                    tenant_id: scope.tenant_id,
                    domain: domain.slug.clone(),
                    entity: segment.entity,
                    part: String::new(),
                    records: u32::try_from(parsed.records).unwrap_or(u32::MAX),
                    digest: sha256_hex(rows.as_bytes()),
                    rows,
                });
            }
            Err(fault) => faults.push(Fault::new(source, fault.pointer, "json", fault.message)),
        }
    }
    Rejection::of(faults, too_many)?;
    Ok(checked)
}
