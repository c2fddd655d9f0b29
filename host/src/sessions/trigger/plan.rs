//! Which triggers run, which are skipped and why, and which are switched off: pure decisions on the
//! rows of a session. Source: domain specification, section 2.

use uuid::Uuid;

use levain_catalog::{Relation, Trigger};
use levain_model::{DomainStatus, Phase, Tenant, TriggerOutcome, TriggerStatus};

/// Which phases are switched on. KPIs always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switches {
    /// Whether alerts are looked for.
    pub alerts: bool,
    /// Whether insights are computed.
    pub insights: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            alerts: true,
            insights: true,
        }
    }
}

impl Switches {
    const fn are_on(self, phase: Phase) -> bool {
        match phase {
            Phase::Alerts => self.alerts,
            Phase::Insights => self.insights,
            Phase::Kpis => true,
        }
    }
}

/// The triggers of a tenant before any has run: those whose own domain takes part in it.
pub(in crate::sessions) fn pending(
    triggers: &[Trigger],
    takes_part: impl Fn(&str) -> bool,
    switches: Switches,
) -> Vec<TriggerOutcome> {
    triggers
        .iter()
        .filter(|trigger| takes_part(&trigger.domain))
        .map(|trigger| {
            let row = TriggerOutcome::pending(&trigger.slug, &trigger.domain, trigger.phase);
            if switches.are_on(trigger.phase) {
                return row;
            }
            TriggerOutcome {
                status: TriggerStatus::Disabled,
                reason: Some(format!("the host does not look for {}", trigger.phase)),
                ..row
            }
        })
        .collect()
}

/// Skips what cannot run in a phase as the session stands, and answers what can: by tenant, the
/// trigger's slug. Of the phases before it, everything must have ended.
pub(in crate::sessions) fn settle(
    triggers: &[Trigger],
    tenants: &mut [Tenant],
    phase: Phase,
) -> Vec<(Uuid, String)> {
    let mut due = Vec::new();
    let mut skipped = Vec::new();
    for tenant in &*tenants {
        for row in tenant.triggers.iter().filter(|row| row.phase == phase) {
            if row.status != TriggerStatus::Pending {
                continue;
            }
            let key = (tenant.tenant_id, row.trigger.clone());
            match obstacle(triggers, tenants, tenant, &row.trigger) {
                None => due.push(key),
                Some(reason) => skipped.push((key, reason)),
            }
        }
    }
    for ((tenant_id, slug), reason) in skipped {
        for row in rows_mut(tenants, tenant_id, &slug) {
            skip(row, reason.clone());
        }
    }
    due
}

/// Nothing runs for a session that FAILED, or that was given up.
pub(in crate::sessions) fn give_up(tenants: &mut [Tenant], reason: &str) {
    for row in tenants.iter_mut().flat_map(|tenant| &mut tenant.triggers) {
        if row.status != TriggerStatus::Disabled {
            skip(row, reason.to_owned());
        }
    }
}

/// What the triggers of a triggered domain had made was deleted.
pub(in crate::sessions) fn withdraw(
    triggers: &[Trigger],
    tenants: &mut [Tenant],
    tenant_id: Uuid,
    domain: &str,
) {
    for trigger in triggers.iter().filter(|own| own.writes.domain == domain) {
        for row in rows_mut(tenants, tenant_id, &trigger.slug) {
            if row.status != TriggerStatus::Disabled {
                skip(
                    row,
                    format!("what it had made was deleted with `{domain}`; it can be run again"),
                );
            }
        }
    }
}

fn skip(row: &mut TriggerOutcome, reason: String) {
    *row = TriggerOutcome {
        status: TriggerStatus::Skipped,
        reason: Some(reason),
        ..TriggerOutcome::pending(&row.trigger, &row.domain, row.phase)
    };
}

/// The rows of one trigger of one tenant: one, where it has it.
pub(super) fn rows_mut<'t>(
    tenants: &'t mut [Tenant],
    tenant_id: Uuid,
    slug: &'t str,
) -> impl Iterator<Item = &'t mut TriggerOutcome> {
    tenants
        .iter_mut()
        .filter(move |tenant| tenant.tenant_id == tenant_id)
        .flat_map(|tenant| &mut tenant.triggers)
        .filter(move |row| row.trigger == slug)
}

/// The tenants that a trigger of `tenant` reads from by this relation, in the session's order.
pub(super) fn relatives<'t>(
    tenants: &'t [Tenant],
    tenant: &'t Tenant,
    relation: Relation,
) -> impl Iterator<Item = &'t Tenant> {
    let is_head = tenant.outlet.is_none();
    tenants.iter().filter(move |other| match relation {
        Relation::Own => other.tenant_id == tenant.tenant_id,
        Relation::Parent => !is_head && other.outlet.is_none(),
        Relation::Outlets => is_head && other.outlet.is_some(),
    })
}

/// Why a trigger cannot run for a tenant now; `None` if it can.
pub(super) fn obstacle(
    triggers: &[Trigger],
    tenants: &[Tenant],
    tenant: &Tenant,
    slug: &str,
) -> Option<String> {
    let Some(trigger) = triggers.iter().find(|trigger| trigger.slug == slug) else {
        return Some("the catalog does not have it any more".to_owned());
    };
    let own = missing(tenant, &trigger.domain);
    own.or_else(|| {
        let mut reads = trigger.reads.iter();
        reads.find_map(|read| {
            let mut from = read
                .from
                .iter()
                .flat_map(|relation| relatives(tenants, tenant, *relation));
            from.find_map(|other| {
                missing(other, &read.entity.domain).or_else(|| {
                    let mut writers = triggers.iter().filter(|made| made.writes == read.entity);
                    writers.find_map(|writer| unmade(other, &writer.slug))
                })
            })
        })
    })
}

/// Why a domain's records are not there, where it takes part.
fn missing(tenant: &Tenant, domain: &str) -> Option<String> {
    let mut services = tenant.services.iter();
    let service = services.find(|service| service.domain == domain)?;
    let what = match service.status {
        DomainStatus::Completed => return None,
        DomainStatus::Failed => "was not cloned",
        DomainStatus::Deleted => "was deleted",
        DomainStatus::Discarded => "was not kept",
        DomainStatus::Pending | DomainStatus::Cloning => "did not end",
    };
    Some(format!("`{domain}` of {} {what}", tenant.name))
}

/// Why a trigger's products are not there, where it runs for the tenant.
fn unmade(tenant: &Tenant, slug: &str) -> Option<String> {
    let mut rows = tenant.triggers.iter();
    let row = rows.find(|row| row.trigger == slug)?;
    let what = match row.status {
        TriggerStatus::Completed => return None,
        TriggerStatus::Failed => "failed",
        TriggerStatus::Skipped => "was skipped",
        TriggerStatus::Disabled => "is switched off",
        TriggerStatus::Pending | TriggerStatus::Running => "did not end",
    };
    Some(format!("trigger `{slug}` of {} {what}", tenant.name))
}

#[cfg(test)]
mod tests;
