//! The proof: every account that has a domain is cloned from its real fixtures, whole, at the catalog's
//! instants and some that are drawn at random, by the candidates and by what serves now; every check, twice, the laws, the cleanup.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::Revisions;
use super::difference::{Difference, Gathering, Place};
use super::draw::Seed;
use super::finding::{Finding, Findings};
use super::rehearsal::{Rehearsal, Sample, first_difference, outlets};
use crate::plugins::Registry;
use crate::sessions::{Rehearsed, SessionError};
use levain_catalog::Account;
use levain_model::{DomainStatus, Tenant, TriggerStatus};

/// Longer than any comparison of two sessions takes.
pub(super) const COMPARISON: Duration = Duration::from_secs(120);

/// The instants of an account that may show something before it is left: each may take as long as a call may.
const ENOUGH: u32 = 3;

/// What was proven.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proof {
    /// The accounts, in the catalog's order.
    pub accounts: Vec<String>,
    /// The instants that each was cloned at: those of the catalog, and the drawn ones.
    pub instants: u64,
    /// The instants that were drawn at random for this proof.
    pub drawn: Vec<DateTime<Utc>>,
    /// What they and all names of the proof derive from: the same seed makes the same proof.
    pub seed: Option<Seed>,
    /// Calls of the candidates.
    pub calls: u64,
    /// Records that they made, all of them checked.
    pub records: u64,
    /// How long it took.
    pub duration: Duration,
    /// What the candidates cost, by domain, beside what serves now.
    pub costs: BTreeMap<String, (Cost, Option<Cost>)>,
}

/// What the clones of a domain cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Clones and their checks, in milliseconds, the median.
    pub clone_ms: f64,
    /// The largest linear memory of any of them, in bytes.
    pub peak_memory_bytes: u64,
}

/// What is proven, and against what.
#[derive(Clone)]
pub(super) struct Subject {
    /// What serves now.
    pub(super) before: Arc<Registry>,
    /// The same with the candidates.
    pub(super) after: Arc<Registry>,
    /// The candidates' domains.
    pub(super) domains: BTreeSet<String>,
    /// What the proof draws from.
    pub(super) seed: Seed,
}

/// Clone times and memory, as they are gathered.
#[derive(Default)]
struct Costs(BTreeMap<String, (Vec<f64>, u64)>);

impl Revisions {
    /// Proves the candidates, and tells what they make differently. It goes on after a finding, so that as
    /// much as can be is told at once.
    pub(super) async fn prove(
        &self,
        subject: &Subject,
    ) -> Result<(Proof, Difference, Findings), SessionError> {
        let started = Instant::now();
        let catalog = Arc::clone(&self.sessions.parts().catalog);
        let drawn = subject.seed.instants();
        let instants = [catalog.proof_instants(), &drawn].concat();
        let mut proof = Proof {
            instants: instants.len() as u64,
            drawn,
            seed: Some(subject.seed),
            ..Proof::default()
        };
        let mut findings = Findings::default();
        let mut gathering = Gathering::default();
        let (mut costs, mut costs_before) = (Costs::default(), Costs::default());
        let concerned = |account: &&Account| {
            let mut slices = account.all_slices();
            slices.any(|slices| subject.domains.iter().any(|name| slices.contains_key(name)))
        };
        for account in catalog.accounts().filter(concerned) {
            proof.accounts.push(account.slug.clone());
            let mut faulty = 0;
            for (number, instant) in instants.iter().enumerate() {
                if faulty == ENOUGH {
                    break;
                }
                let found = findings.total;
                let rehearsal = Rehearsal::of(
                    &self.sessions,
                    account,
                    *instant,
                    (&subject.seed, Sample::First),
                );
                let before = rehearsal.whole(&self.sessions, &subject.before).await;
                let after =
                    rehearsal.with(&self.sessions, &subject.after, &subject.domains, &before);
                let after = after.await;
                costs_before.add(&before.rows, &subject.domains);
                costs.add(&after.rows, &subject.domains);
                proof.calls += calls(&after.rows, &subject.domains);
                proof.records += after
                    .segments()
                    .filter(|held| subject.domains.contains(&held.domain))
                    .map(|held| u64::from(held.records))
                    .sum::<u64>();
                outcomes(&rehearsal, subject, &before, &after, &mut findings);
                if findings.total > found {
                    // What does not hold is not held to more.
                    faulty += 1;
                    continue;
                }
                let again =
                    rehearsal.again(&self.sessions, &subject.after, &subject.domains, &after);
                let again = again.await;
                proof.calls += calls(&again.rows, &subject.domains);
                rehearsal.same_bytes(subject, &after, &again, &mut findings);
                let cleanups = rehearsal.cleanups(&self.sessions, subject, &after, &mut findings);
                proof.calls += cleanups.await;
                if number == 0 {
                    let laws =
                        rehearsal.laws(&self.sessions, account, subject, &after, &mut findings);
                    proof.calls += laws.await?;
                }
                let place = rehearsal.place();
                gathering = self.gather(gathering, place, before, after).await?;
                faulty += u32::from(findings.total > found);
            }
        }
        proof.duration = started.elapsed();
        let mut costs_before = costs_before.into_costs();
        proof.costs = costs
            .into_costs()
            .into_iter()
            .map(|(domain, cost)| {
                let before = costs_before.remove(&domain);
                (domain, (cost, before))
            })
            .collect();
        Ok((proof, gathering.into_difference(), findings))
    }

    /// Reads every record that differs: too much for an async thread.
    async fn gather(
        &self,
        mut gathering: Gathering,
        place: Place,
        before: Rehearsed,
        after: Rehearsed,
    ) -> Result<Gathering, SessionError> {
        let sandbox = &self.sessions.parts().sandbox;
        let compared = sandbox.run(COMPARISON, move || {
            gathering.add(&place, before.segments(), after.segments());
            gathering
        });
        compared.await.map_err(|error| SessionError::Host {
            reason: error.to_string(),
        })
    }
}

/// Calls of the candidates that ended.
pub(super) fn calls(rows: &[Tenant], domains: &BTreeSet<String>) -> u64 {
    let cloned = rows
        .iter()
        .flat_map(|tenant| &tenant.services)
        .filter(|row| domains.contains(&row.domain) && row.duration_ms.is_some());
    let raised = rows
        .iter()
        .flat_map(|tenant| &tenant.triggers)
        .filter(|row| domains.contains(&row.domain) && row.duration_ms.is_some());
    (cloned.count() + raised.count()) as u64
}

/// Finds what did not become of the candidates' session what became of the other.
fn outcomes(
    rehearsal: &Rehearsal,
    subject: &Subject,
    before: &Rehearsed,
    after: &Rehearsed,
    findings: &mut Findings,
) {
    for (tenant, was) in after.rows.iter().zip(&before.rows) {
        for (service, was) in tenant.services.iter().zip(&was.services) {
            let own = subject.domains.contains(&service.domain);
            if service.status == DomainStatus::Completed
                || !own && was.status != DomainStatus::Completed
            {
                continue;
            }
            let error = service.error.as_ref();
            findings.push(Finding {
                message: error.map_or_else(
                    || "it was not cloned".to_owned(),
                    |error| format!("{}: {}", error.code, error.message),
                ),
                faults: error.map(|error| error.faults.clone()).unwrap_or_default(),
                ..rehearsal.finding(&service.domain, tenant, "clone")
            });
        }
        for (trigger, was) in tenant.triggers.iter().zip(&was.triggers) {
            let own = subject.domains.contains(&trigger.domain);
            if trigger.status == TriggerStatus::Completed
                || !own && was.status != TriggerStatus::Completed
            {
                continue;
            }
            // A disabled trigger is no failure; one that a failed clone prevents is reported with that clone.
            let Some(error) = &trigger.error else {
                continue;
            };
            findings.push(Finding {
                message: format!("`{}`: {}: {}", trigger.trigger, error.code, error.message),
                faults: error.faults.clone(),
                ..rehearsal.finding(&trigger.domain, tenant, "trigger")
            });
        }
    }
}

impl Costs {
    fn add(&mut self, rows: &[Tenant], domains: &BTreeSet<String>) {
        let services = rows.iter().flat_map(|tenant| &tenant.services);
        for row in services.filter(|row| domains.contains(&row.domain)) {
            let (times, peak) = self.0.entry(row.domain.clone()).or_default();
            times.extend(row.duration_ms);
            *peak = (*peak).max(row.peak_memory_bytes.unwrap_or_default());
        }
    }

    fn into_costs(self) -> BTreeMap<String, Cost> {
        let cost = |(mut times, peak_memory_bytes): (Vec<f64>, u64)| {
            times.sort_by(f64::total_cmp);
            let clone_ms = times.get(times.len() / 2).copied()?;
            Some(Cost {
                clone_ms,
                peak_memory_bytes,
            })
        };
        self.0
            .into_iter()
            .filter_map(|(domain, gathered)| Some((domain, cost(gathered)?)))
            .collect()
    }
}

impl Rehearsal {
    fn place(&self) -> Place {
        Place {
            account: self.row.account.clone(),
            instant: self.row.session_created_at,
            tenants: outlets(&self.row),
        }
    }

    /// Holds what was made twice of the same arguments against each other.
    fn same_bytes(
        &self,
        subject: &Subject,
        one: &Rehearsed,
        other: &Rehearsed,
        findings: &mut Findings,
    ) {
        for tenant in &self.row.tenants {
            for domain in &subject.domains {
                let one = self.made_by(one, tenant.tenant_id, domain);
                let other = self.made_by(other, tenant.tenant_id, domain);
                let Some(differs) = first_difference(&one, &other) else {
                    continue;
                };
                findings.push(Finding {
                    message: "the same tenant and instant gave other bytes the second time, in a session of another name".to_owned(),
                    faults: vec![differs],
                    ..self.finding(domain, tenant, "determinism")
                });
            }
        }
    }
}
