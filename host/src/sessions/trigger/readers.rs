//! Which triggers read what changed: a pure decision.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::plan::{relatives, rows_mut};
use levain_catalog::Trigger;
use levain_model::{Part, Phase, Tenant, TriggerOutcome, TriggerStatus};

/// Triggers of a session that are to run again: by tenant, the slug.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::sessions) struct Affected(pub(super) BTreeSet<(Uuid, String)>);

/// The triggers that read a domain of a tenant, those of that domain itself, and those that read what
/// they make. A trigger that is switched off made nothing and is left alone.
pub(in crate::sessions) fn readers(
    triggers: &[Trigger],
    tenants: &[Tenant],
    tenant_id: Uuid,
    domain: &str,
) -> Affected {
    let mut changed = BTreeSet::from([(tenant_id, domain.to_owned())]);
    let mut affected = Affected::default();
    // No trigger reads products of its own phase, so the phases are settled in order.
    for phase in Phase::ALL {
        for tenant in tenants {
            let own = tenant.triggers.iter().filter(|row| row.phase == phase);
            for row in own.filter(|row| row.status != TriggerStatus::Disabled) {
                let mut of_catalog = triggers.iter();
                let Some(trigger) = of_catalog.find(|trigger| trigger.slug == row.trigger) else {
                    continue;
                };
                if touches(trigger, tenants, tenant, &changed) {
                    affected.0.insert((tenant.tenant_id, trigger.slug.clone()));
                }
            }
        }
        for (tenant_id, slug) in &affected.0 {
            let mut of_phase = triggers.iter().filter(|trigger| trigger.phase == phase);
            if let Some(trigger) = of_phase.find(|trigger| trigger.slug == *slug) {
                changed.insert((*tenant_id, trigger.writes.domain.clone()));
            }
        }
    }
    affected
}

fn touches(
    trigger: &Trigger,
    tenants: &[Tenant],
    tenant: &Tenant,
    changed: &BTreeSet<(Uuid, String)>,
) -> bool {
    let is_changed =
        |tenant: &Tenant, domain: &String| changed.contains(&(tenant.tenant_id, domain.clone()));
    is_changed(tenant, &trigger.domain)
        || trigger.reads.iter().any(|read| {
            read.from
                .iter()
                .flat_map(|relation| relatives(tenants, tenant, *relation))
                .any(|other| is_changed(other, &read.entity.domain))
        })
}

impl Affected {
    /// One more.
    pub(super) fn with(mut self, tenant_id: Uuid, slug: &str) -> Self {
        self.0.insert((tenant_id, slug.to_owned()));
        self
    }

    /// Puts the rows back to where nothing has run.
    pub(in crate::sessions) fn reset(&self, tenants: &mut [Tenant]) {
        for (tenant_id, slug) in &self.0 {
            for row in rows_mut(tenants, *tenant_id, slug) {
                *row = TriggerOutcome::pending(&row.trigger, &row.domain, row.phase);
            }
        }
    }

    /// What is stored of them.
    pub(in crate::sessions) fn parts(&self, triggers: &[Trigger]) -> Vec<Part> {
        self.0
            .iter()
            .filter_map(|(tenant_id, slug)| {
                let mut of_catalog = triggers.iter();
                let trigger = of_catalog.find(|trigger| trigger.slug == *slug)?;
                Some(Part {
                    tenant_id: *tenant_id,
                    domain: trigger.writes.domain.clone(),
                    part: slug.clone(),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Switches;
    use super::super::testing::{group, trigger};
    use super::*;

    fn found(triggers: &[Trigger], switches: Switches, tenant: u128, domain: &str) -> Vec<String> {
        let tenants = group(triggers, switches);
        let affected = readers(triggers, &tenants, Uuid::from_u128(tenant), domain);
        let named = affected.0.iter();
        named
            .map(|(tenant, slug)| format!("{slug} {}", tenant.as_u128()))
            .collect()
    }

    #[test]
    fn what_reads_a_domain_runs_again_and_what_reads_that_in_turn() {
        let triggers: [Trigger; 5] = [
            trigger("gaps", Phase::Alerts)
                .of("shelf")
                .reads("shelf", "own"),
            trigger("late", Phase::Alerts)
                .of("loan")
                .reads("loan", "own"),
            trigger("wear", Phase::Insights)
                .of("shelf")
                .reads("loan", "parent"),
            trigger("count", Phase::Kpis)
                .of("shelf")
                .reads("alerts", "own outlets"),
            trigger("apart", Phase::Kpis).of("loan"),
        ]
        .map(Into::into);
        let on = Switches::default();
        assert_eq!(
            found(&triggers, on, 1, "loan"),
            ["apart 1", "count 1", "late 1", "wear 2", "wear 3"]
        );
        // The head's count reads the alerts of every kiosk.
        assert_eq!(
            found(&triggers, on, 2, "shelf"),
            ["count 1", "count 2", "gaps 2", "wear 2"]
        );
        assert_eq!(found(&triggers, on, 3, "alerts"), ["count 1", "count 3"]);
        assert_eq!(found(&triggers, on, 3, "loan"), [""; 0]);
        let off = Switches {
            alerts: false,
            ..on
        };
        // What is switched off made nothing that could change.
        assert_eq!(found(&triggers, off, 2, "shelf"), ["count 2", "wear 2"]);
    }

    #[test]
    fn what_runs_again_is_put_back_and_its_parts_are_named() {
        let triggers = [trigger("gaps", Phase::Alerts)
            .of("shelf")
            .reads("shelf", "own")]
        .map(Into::into);
        let mut tenants = group(&triggers, Switches::default());
        for row in tenants.iter_mut().flat_map(|tenant| &mut tenant.triggers) {
            row.status = TriggerStatus::Completed;
            row.records = 7;
        }
        let affected = readers(&triggers, &tenants, Uuid::from_u128(2), "shelf");
        affected.reset(&mut tenants);
        let records = tenants.iter().map(|tenant| tenant.triggers[0].records);
        assert_eq!(records.collect::<Vec<_>>(), [7, 0, 7]);
        let expected = Part {
            tenant_id: Uuid::from_u128(2),
            domain: "alerts".to_owned(),
            part: "gaps".to_owned(),
        };
        assert_eq!(affected.parts(&triggers), [expected]);
    }
}
