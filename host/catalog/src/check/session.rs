//! Checks the exports of a whole session: they must pass the same checks as the plugins' outputs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::{
    Catalog, CheckedTenant, DomainExport, Rejection, SessionReport, TenantExport, TenantScope,
    Trigger,
};
use levain_model::fault::{Fault, FaultList};
use levain_model::{Phase, Segment, concatenated};

/// Checks every domain of every tenant, then all references, then the triggers' records.
pub(in super::super) fn check(catalog: &Catalog, tenants: Vec<TenantExport>) -> SessionReport {
    let mut faults = FaultList::new(Rejection::KEPT);
    let mut records = 0;
    let mut checked = Vec::new();
    let mut made = Vec::new();
    for TenantExport { scope, domains } in tenants {
        let mut tenant = CheckedTenant::new(scope);
        for DomainExport { domain, segments } in domains {
            let Some(declared) = catalog.domain(&domain) else {
                let message = "the catalog has no such domain";
                faults.push(Fault::new(domain, "", "unknown_domain", message));
                continue;
            };
            if declared.triggered {
                made.push((tenant.scope.clone(), domain, segments));
                continue;
            }
            match catalog.check_clone(&tenant.scope, declared, segments) {
                Ok(clone) => {
                    records += count(clone.segments.iter().map(|segment| segment.records));
                    tenant.domains.insert(domain, clone);
                }
                Err(rejection) => add(&mut faults, rejection),
            }
        }
        checked.push(tenant);
    }
    let mut unavailable = 0;
    if let Some(head) = checked.first() {
        let instant = head.scope.session_created_at;
        for findings in catalog
            .check_references(instant, &checked)
            .domains
            .into_values()
        {
            unavailable += findings.unavailable;
            add_all(&mut faults, findings.faults, findings.total);
        }
    }
    for (scope, domain, segments) in made {
        for segment in segments {
            match check_products(catalog, &scope, &domain, &segment, &checked) {
                Ok(of_segment) => records += of_segment,
                Err(rejection) => add(&mut faults, rejection),
            }
        }
    }
    let (faults, total) = faults.into_parts();
    SessionReport {
        records,
        unavailable,
        faults,
        total,
    }
}

/// Checks the records of all triggers of one entity. Each figure is checked against the trigger that
/// computes it; other records have the same checks for every trigger of their phase.
fn check_products(
    catalog: &Catalog,
    scope: &TenantScope,
    domain: &str,
    segment: &Segment,
    session: &[CheckedTenant],
) -> Result<u64, Rejection> {
    let writes = |trigger: &&Trigger| {
        trigger.writes.domain == domain && trigger.writes.entity == segment.entity
    };
    let triggers: Vec<&Trigger> = catalog.triggers().iter().filter(writes).collect();
    let Some(first) = triggers.first() else {
        let source = format!("{domain}.{}", segment.entity);
        let message = "no trigger of the catalog makes this";
        return Err(rejected(Fault::new(source, "", "foreign_entity", message)));
    };
    let parts = match first.phase {
        Phase::Kpis => by_figure(&triggers, first, segment)?,
        Phase::Alerts | Phase::Insights => vec![(*first, segment.rows.clone())],
    };
    let mut records = 0;
    for (trigger, rows) in parts {
        let entity = segment.entity.clone();
        let segments = vec![Segment { entity, rows }];
        let checked = catalog.check_product(scope, trigger, segments, session, usize::MAX)?;
        records += count(checked.segments.iter().map(|segment| segment.records));
    }
    Ok(records)
}

/// The records by the trigger that computes their figure; the first trigger gets those of no trigger,
/// and rejects them.
fn by_figure<'t>(
    triggers: &[&'t Trigger],
    first: &'t Trigger,
    segment: &Segment,
) -> Result<Vec<(&'t Trigger, String)>, Rejection> {
    #[derive(Deserialize)]
    struct Figure {
        kpi: Option<String>,
    }
    let unreadable = |error: serde_json::Error| {
        let source = first.writes.to_string();
        rejected(Fault::new(source, "", "json", error.to_string()))
    };
    let rows: Vec<&RawValue> = serde_json::from_str(&segment.rows).map_err(unreadable)?;
    let mut parts: BTreeMap<&str, (&Trigger, Vec<String>)> = BTreeMap::new();
    for row in rows {
        let figure: Figure = serde_json::from_str(row.get()).map_err(unreadable)?;
        let computes = |trigger: &&&Trigger| {
            figure
                .kpi
                .as_ref()
                .is_some_and(|kpi| trigger.figures.contains(kpi))
        };
        let trigger = triggers.iter().find(computes).copied().unwrap_or(first);
        let (_, rows) = parts.entry(&trigger.slug).or_insert((trigger, Vec::new()));
        rows.push(format!("[{}]", row.get()));
    }
    Ok(parts
        .into_values()
        .map(|(trigger, rows)| (trigger, concatenated(rows.iter().map(String::as_str))))
        .collect())
}

fn count(records: impl Iterator<Item = u32>) -> u64 {
    records.map(u64::from).sum()
}

fn rejected(fault: Fault) -> Rejection {
    Rejection {
        faults: vec![fault],
        total: 1,
        too_many: false,
    }
}

fn add(faults: &mut FaultList, rejection: Rejection) {
    add_all(faults, rejection.faults, rejection.total);
}

/// Adds faults of which only the first were kept.
fn add_all(faults: &mut FaultList, kept: Vec<Fault>, total: usize) {
    let left = total.saturating_sub(kept.len());
    kept.into_iter().for_each(|fault| faults.push(fault));
    (0..left).for_each(|_| faults.count());
}
