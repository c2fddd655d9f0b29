//! A library with two kiosks, and triggers over it.

use std::time::Duration;

use uuid::Uuid;

use super::plan::{Switches, pending};
use levain_catalog::{EntityRef, Read, Relation, Trigger};
use levain_model::{DomainOutcome, DomainStatus, Phase, Tenant};

/// A trigger under construction.
pub(super) struct Draft(Trigger);

/// A trigger that reads nothing. What it makes goes into the domain of its phase's name.
pub(super) fn trigger(slug: &str, phase: Phase) -> Draft {
    Draft(Trigger {
        slug: slug.to_owned(),
        domain: String::new(),
        phase,
        path: Some(slug.to_owned()),
        writes: entity(phase.as_str()),
        reads: Vec::new(),
        figures: Vec::new(),
        timeout: Duration::from_secs(1),
    })
}

fn entity(domain: &str) -> EntityRef {
    EntityRef {
        domain: domain.to_owned(),
        entity: "item".to_owned(),
    }
}

impl Draft {
    /// The domain whose plugin has the trigger.
    pub(super) fn of(mut self, domain: &str) -> Self {
        self.0.domain = domain.to_owned();
        self
    }

    /// What it reads of a domain, from relations by their names.
    pub(super) fn reads(mut self, domain: &str, from: &str) -> Self {
        let relations = Relation::ALL.into_iter();
        self.0.reads.push(Read {
            entity: entity(domain),
            from: relations
                .filter(|relation| from.split(' ').any(|name| name == relation.as_str()))
                .collect(),
        });
        self
    }
}

impl From<Draft> for Trigger {
    fn from(draft: Draft) -> Self {
        draft.0
    }
}

/// The library with shelves and loans (tenant 1), two kiosks with shelves only (2 and 3); all cloned.
pub(super) fn group(triggers: &[Trigger], switches: Switches) -> Vec<Tenant> {
    let tenant = |id: u128, domains: &[&str]| Tenant {
        tenant_id: Uuid::from_u128(id),
        base_tenant_id: Uuid::nil(),
        outlet: (id > 1).then(|| format!("kiosk-{id}")),
        name: match id {
            1 => "Library".to_owned(),
            _ => format!("Kiosk {id}"),
        },
        services: domains
            .iter()
            .map(|domain| DomainOutcome {
                status: DomainStatus::Completed,
                ..DomainOutcome::pending(domain)
            })
            .collect(),
        triggers: pending(triggers, |domain| domains.contains(&domain), switches),
    };
    vec![
        tenant(1, &["shelf", "loan"]),
        tenant(2, &["shelf"]),
        tenant(3, &["shelf"]),
    ]
}
