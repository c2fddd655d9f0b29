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
mod tests {
    use super::super::testing::{group, trigger};
    use super::*;
    use levain_model::DomainOutcome;

    fn status(tenants: &[Tenant], place: usize, slug: &str) -> (TriggerStatus, Option<String>) {
        let row = tenants[place]
            .triggers
            .iter()
            .find(|row| row.trigger == slug);
        let row = row.unwrap();
        (row.status, row.reason.clone())
    }

    fn due(due: &[(Uuid, String)]) -> Vec<(u128, &str)> {
        due.iter()
            .map(|(tenant, slug)| (tenant.as_u128(), slug.as_str()))
            .collect()
    }

    fn end(tenants: &mut [Tenant], place: usize, slug: &str, status: TriggerStatus) {
        let id = tenants[place].tenant_id;
        for row in rows_mut(tenants, id, slug) {
            row.status = status;
        }
    }

    #[test]
    fn a_trigger_runs_where_its_own_domain_takes_part() {
        let triggers = [
            trigger("gaps", Phase::Alerts)
                .of("shelf")
                .reads("shelf", "own"),
            trigger("late", Phase::Alerts)
                .of("loan")
                .reads("loan", "own"),
        ]
        .map(Into::into);
        let mut tenants = group(&triggers, Switches::default());
        // The kiosks lend nothing.
        assert_eq!(
            due(&settle(&triggers, &mut tenants, Phase::Alerts)),
            [(1, "gaps"), (1, "late"), (2, "gaps"), (3, "gaps")]
        );
        assert!(settle(&triggers, &mut tenants, Phase::Insights).is_empty());
    }

    #[test]
    fn a_phase_that_is_switched_off_is_disabled_and_what_reads_it_is_skipped() {
        let triggers = [
            trigger("gaps", Phase::Alerts)
                .of("shelf")
                .reads("shelf", "own"),
            trigger("wear", Phase::Insights)
                .of("shelf")
                .reads("shelf", "own"),
            trigger("count", Phase::Kpis)
                .of("shelf")
                .reads("alerts", "own outlets"),
        ]
        .map(Into::into);
        let off = Switches {
            alerts: false,
            insights: true,
        };
        let mut tenants = group(&triggers, off);
        for phase in Phase::ALL {
            let ran = settle(&triggers, &mut tenants, phase);
            assert_eq!(ran.len(), if phase == Phase::Insights { 3 } else { 0 });
        }
        assert_eq!(
            status(&tenants, 0, "gaps"),
            (
                TriggerStatus::Disabled,
                Some("the host does not look for alerts".to_owned())
            )
        );
        assert_eq!(
            status(&tenants, 1, "count"),
            (
                TriggerStatus::Skipped,
                Some("trigger `gaps` of Kiosk 2 is switched off".to_owned())
            )
        );
        let all_off = group(
            &triggers,
            Switches {
                alerts: false,
                insights: false,
            },
        );
        assert_eq!(status(&all_off, 2, "wear").0, TriggerStatus::Disabled);
        assert_eq!(status(&all_off, 2, "count").0, TriggerStatus::Pending);
    }

    #[test]
    fn what_is_read_must_have_been_cloned_wherever_it_takes_part() {
        let triggers = [
            trigger("own", Phase::Alerts)
                .of("shelf")
                .reads("loan", "own"),
            trigger("down", Phase::Alerts)
                .of("shelf")
                .reads("shelf", "outlets"),
            trigger("up", Phase::Alerts)
                .of("shelf")
                .reads("loan", "parent"),
            trigger("late", Phase::Alerts)
                .of("loan")
                .reads("shelf", "own"),
        ]
        .map(Into::into);
        /// Whose domain is how, what runs all the same, and why the rest does not.
        type Case = (
            usize,
            &'static str,
            DomainStatus,
            Vec<(u128, &'static str)>,
            &'static str,
        );
        let cases: [Case; 3] = [
            (
                0,
                "loan",
                DomainStatus::Failed,
                vec![
                    (1, "down"),
                    (1, "up"),
                    (2, "own"),
                    (2, "down"),
                    (3, "own"),
                    (3, "down"),
                ],
                "`loan` of Library was not cloned",
            ),
            (
                2,
                "shelf",
                DomainStatus::Deleted,
                vec![
                    (1, "own"),
                    (1, "up"),
                    (1, "late"),
                    (2, "own"),
                    (2, "down"),
                    (2, "up"),
                ],
                "`shelf` of Kiosk 3 was deleted",
            ),
            (
                1,
                "shelf",
                DomainStatus::Pending,
                vec![
                    (1, "own"),
                    (1, "up"),
                    (1, "late"),
                    (3, "own"),
                    (3, "down"),
                    (3, "up"),
                ],
                "`shelf` of Kiosk 2 did not end",
            ),
        ];
        for (place, domain, outcome, expected, reason) in cases {
            let mut tenants = group(&triggers, Switches::default());
            for service in &mut tenants[place].services {
                if service.domain == domain {
                    *service = DomainOutcome {
                        status: outcome,
                        ..DomainOutcome::pending(domain)
                    };
                }
            }
            let ran = settle(&triggers, &mut tenants, Phase::Alerts);
            assert_eq!(due(&ran), expected, "{reason}");
            let skipped: Vec<_> = tenants
                .iter()
                .flat_map(|tenant| &tenant.triggers)
                .filter(|row| row.status == TriggerStatus::Skipped)
                .collect();
            assert!(!skipped.is_empty());
            for row in skipped {
                assert_eq!(row.reason.as_deref(), Some(reason));
            }
        }
    }

    #[test]
    fn a_product_must_be_whole_in_every_tenant_that_is_read() {
        let triggers = [
            trigger("gaps", Phase::Alerts)
                .of("shelf")
                .reads("shelf", "own"),
            trigger("late", Phase::Alerts)
                .of("loan")
                .reads("loan", "own"),
            trigger("count", Phase::Kpis)
                .of("shelf")
                .reads("alerts", "own outlets"),
        ]
        .map(Into::into);
        for (place, slug, outcome, expected) in [
            (
                0,
                "late",
                TriggerStatus::Completed,
                vec![(1, "count"), (2, "count"), (3, "count")],
            ),
            (
                0,
                "late",
                TriggerStatus::Failed,
                vec![(2, "count"), (3, "count")],
            ),
            (2, "gaps", TriggerStatus::Skipped, vec![(2, "count")]),
            (1, "gaps", TriggerStatus::Running, vec![(3, "count")]),
        ] {
            let mut tenants = group(&triggers, Switches::default());
            for (tenant, trigger) in settle(&triggers, &mut tenants, Phase::Alerts) {
                for row in rows_mut(&mut tenants, tenant, &trigger) {
                    row.status = TriggerStatus::Completed;
                }
            }
            end(&mut tenants, place, slug, outcome);
            let ran = settle(&triggers, &mut tenants, Phase::Kpis);
            assert_eq!(due(&ran), expected, "{slug} {outcome:?}");
        }
    }

    #[test]
    fn a_session_that_failed_runs_none() {
        let triggers = [trigger("gaps", Phase::Alerts)
            .of("shelf")
            .reads("shelf", "own")]
        .map(Into::into);
        let mut tenants = group(&triggers, Switches::default());
        give_up(&mut tenants, "the session FAILED");
        assert!(settle(&triggers, &mut tenants, Phase::Alerts).is_empty());
        assert_eq!(
            status(&tenants, 0, "gaps"),
            (
                TriggerStatus::Skipped,
                Some("the session FAILED".to_owned())
            )
        );
    }

    #[test]
    fn what_was_made_is_withdrawn_with_its_domain() {
        let triggers = [
            trigger("gaps", Phase::Alerts)
                .of("shelf")
                .reads("shelf", "own"),
            trigger("count", Phase::Kpis)
                .of("shelf")
                .reads("alerts", "own"),
        ]
        .map(Into::into);
        let mut tenants = group(&triggers, Switches::default());
        for place in 0..3 {
            end(&mut tenants, place, "gaps", TriggerStatus::Completed);
        }
        let head = tenants[0].tenant_id;
        withdraw(&triggers, &mut tenants, head, "alerts");
        assert_eq!(status(&tenants, 0, "gaps").0, TriggerStatus::Skipped);
        assert_eq!(status(&tenants, 1, "gaps").0, TriggerStatus::Completed);
        assert_eq!(
            due(&settle(&triggers, &mut tenants, Phase::Kpis)),
            [(2, "count"), (3, "count")]
        );
    }
}
