//! A session that is made to be looked at: by what serves, by candidates, and by both together. Nothing of
//! it is ever written.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::draw::Seed;
use super::finding::Finding;
use crate::plugins::Registry;
use crate::sessions::{Given, Rehearsed, Sessions, Switches, redacted, tenants};
use levain_catalog::Account;
use levain_model::fault::Fault;
use levain_model::{
    DomainOutcome, DomainStatus, Session, SessionStatus, StoredSegment, Tenant, TriggerOutcome,
    TriggerStatus,
};

/// A session of an account at an instant.
#[derive(Debug, Clone)]
pub(super) struct Rehearsal {
    pub(super) row: Session,
    /// What the session is called when it is made a second time: what is made of a tenant at an instant does not
    /// depend on it.
    other_name: String,
}

/// The tenants that an account is cloned for in one proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sample {
    /// The same at every instant, so that what is made can be compared.
    First,
    /// Another one, which must share nothing with the first.
    Other,
}

impl Rehearsal {
    /// Of the account, under a tenant that is the same for as long as the seed is.
    pub(super) fn of(
        sessions: &Sessions,
        account: &Account,
        instant: DateTime<Utc>,
        (seed, tenant): (&Seed, Sample),
    ) -> Self {
        let which = match tenant {
            Sample::First => "first",
            Sample::Other => "other",
        };
        let tenant_id = seed.tenant_id(&[&account.slug, which]);
        let told_at = instant.to_rfc3339();
        let name = |time| seed.session_id(&[&account.slug, which, &told_at, time]);
        let catalog = &sessions.parts().catalog;
        let all = Switches {
            alerts: true,
            insights: true,
        };
        Self {
            row: Session {
                session_id: name("1"),
                account: account.slug.clone(),
                catalog_digest: catalog.digest().to_owned(),
                status: SessionStatus::Cloning,
                session_created_at: instant,
                created_at: instant,
                expires_at: instant,
                cloning_completed_at: None,
                duration_ms: None,
                destroyed_at: None,
                extensions: 0,
                error: None,
                epoch: 1,
                plugin_revision: 0,
                tenants: tenants(catalog, account, tenant_id, all),
            },
            other_name: name("2"),
        }
    }

    /// Makes all of it.
    pub(super) async fn whole(&self, sessions: &Sessions, plugins: &Arc<Registry>) -> Rehearsed {
        let given = Given::default();
        sessions.rehearse(plugins, self.row.clone(), given).await
    }

    /// Clones these domains, takes the others as they were made `before`, and raises everything again.
    pub(super) async fn with(
        &self,
        sessions: &Sessions,
        plugins: &Arc<Registry>,
        domains: &BTreeSet<String>,
        before: &Rehearsed,
    ) -> Rehearsed {
        let mut row = self.row.clone();
        for (tenant, made) in row.tenants.iter_mut().zip(&before.rows) {
            take_services(tenant, made, domains);
        }
        let given = Given {
            tenants: others(before, domains),
            products: Vec::new(),
        };
        sessions.rehearse(plugins, row, given).await
    }

    /// Repeats the candidates' output, and nothing else, in a session with another name.
    pub(super) async fn again(
        &self,
        sessions: &Sessions,
        plugins: &Arc<Registry>,
        domains: &BTreeSet<String>,
        made: &Rehearsed,
    ) -> Rehearsed {
        let mut row = self.row.clone();
        row.session_id.clone_from(&self.other_name);
        for (tenant, before) in row.tenants.iter_mut().zip(&made.rows) {
            take_services(tenant, before, domains);
            for (trigger, before) in tenant.triggers.iter_mut().zip(&before.triggers) {
                // One that did not end is a finding already.
                let ended = before.status == TriggerStatus::Completed;
                if !ended || !domains.contains(&trigger.domain) {
                    trigger.clone_from(before);
                }
            }
        }
        let raised_by_others =
            |held: &&StoredSegment| !domains.iter().any(|domain| self.is_raised_by(held, domain));
        let products = made.products.iter().filter(raised_by_others);
        let given = Given {
            tenants: others(made, domains),
            products: products.cloned().collect(),
        };
        sessions.rehearse(plugins, row, given).await
    }

    /// What the plugin of a domain made for a tenant: by cloning and by raising.
    pub(super) fn made_by(
        &self,
        made: &Rehearsed,
        tenant_id: Uuid,
        domain: &str,
    ) -> Vec<StoredSegment> {
        let own = |held: &&StoredSegment| {
            held.tenant_id == tenant_id
                && match held.part.as_str() {
                    "" => held.domain == domain,
                    _ => self.is_raised_by(held, domain),
                }
        };
        let mut own: Vec<StoredSegment> = made.segments().filter(own).cloned().collect();
        own.sort_by(|one, other| name(one).cmp(&name(other)));
        own
    }

    fn is_raised_by(&self, held: &StoredSegment, domain: &str) -> bool {
        let mut triggers = self.row.tenants.iter().flat_map(|tenant| &tenant.triggers);
        triggers.any(|row: &TriggerOutcome| row.trigger == held.part && row.domain == domain)
    }

    /// A finding of this session, which says nothing yet.
    pub(super) fn finding(&self, domain: &str, tenant: &Tenant, law: &'static str) -> Finding {
        Finding {
            domain: domain.to_owned(),
            account: self.row.account.clone(),
            outlet: tenant.outlet.clone(),
            instant: self.row.session_created_at,
            tenant_id: self
                .row
                .root()
                .map_or(tenant.tenant_id, |root| root.tenant_id),
            session: redacted(&self.row.session_id),
            law,
            message: String::new(),
            faults: Vec::new(),
        }
    }
}

/// A session's tenants and their outlets.
pub(super) fn outlets(row: &Session) -> Vec<(Uuid, Option<String>)> {
    let tenants = row.tenants.iter();
    tenants
        .map(|tenant| (tenant.tenant_id, tenant.outlet.clone()))
        .collect()
}

/// The first place where two makings of the same differ.
pub(super) fn first_difference(one: &[StoredSegment], other: &[StoredSegment]) -> Option<Fault> {
    let fault = |held: &StoredSegment, message: String| {
        let source = format!("{}.{}", held.domain, held.entity);
        Some(Fault::new(source, "", "determinism", message))
    };
    for (number, held) in one.iter().enumerate() {
        let Some(again) = other.get(number).filter(|again| name(again) == name(held)) else {
            return fault(held, "it was not made the second time".to_owned());
        };
        if held.rows != again.rows {
            let same = held.rows.bytes().zip(again.rows.bytes());
            let offset = same.take_while(|(one, other)| one == other).count();
            let message = format!(
                "other bytes from byte {offset} on: {:?} and {:?}",
                excerpt(&held.rows, offset),
                excerpt(&again.rows, offset)
            );
            return fault(held, message);
        }
    }
    let more = other.get(one.len())?;
    fault(more, "it was made the second time only".to_owned())
}

fn excerpt(text: &str, offset: usize) -> String {
    let from = text.get(..offset).map_or(0, |before| {
        before.char_indices().rev().nth(20).map_or(0, |(at, _)| at)
    });
    text.get(from..)
        .unwrap_or_default()
        .chars()
        .take(60)
        .collect()
}

fn name(held: &StoredSegment) -> (&str, &str, &str) {
    (&held.domain, &held.entity, &held.part)
}

/// The services that are not to be cloned, as they are already.
fn take_services(tenant: &mut Tenant, made: &Tenant, domains: &BTreeSet<String>) {
    for (service, made) in tenant.services.iter_mut().zip(&made.services) {
        let taken = match domains.contains(&service.domain) {
            true => continue,
            false => made,
        };
        *service = DomainOutcome {
            // What did not end is not begun again.
            status: match taken.status {
                DomainStatus::Pending | DomainStatus::Cloning => DomainStatus::Failed,
                status => status,
            },
            ..taken.clone()
        };
    }
}

/// What was cloned of the domains that are not these.
fn others(made: &Rehearsed, domains: &BTreeSet<String>) -> Vec<levain_catalog::CheckedTenant> {
    let mut tenants = made.tenants.as_ref().clone();
    for tenant in &mut tenants {
        tenant.domains.retain(|domain, _| !domains.contains(domain));
    }
    tenants
}
