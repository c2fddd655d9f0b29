//! The laws that every plugin is held to beside the checks of every clone (plugin specification): two
//! tenants share nothing, whole weeks shift dates and nothing else, cleanup is once, odd slices are answered.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;
use uuid::Uuid;

use super::finding::{Finding, Findings};
use super::proof::{COMPARISON, Subject};
use super::rehearsal::{Rehearsal, Sample};
use super::weeks;
use crate::sandbox::{CallError, Limits};
use crate::sessions::{Rehearsed, SLACK, SessionError, Sessions, held, remarks_on};
use levain_catalog::{Account, FixtureSlice};
use levain_model::fault::Fault;
use levain_model::{EntityCount, Segment, StoredSegment, Tenant};

/// How far the data clock moves: by one week, and by half a year of weeks, across a change of daylight saving time.
const WEEKS: [i64; 2] = [1, 26];

/// What is no JSON.
const MALFORMED: &str = "[{\"id\": ";

impl Rehearsal {
    /// Has the candidates plan the cleanup of what they made, twice, and once more when it is gone; answers
    /// the calls.
    pub(super) async fn cleanups(
        &self,
        sessions: &Sessions,
        subject: &Subject,
        made: &Rehearsed,
        findings: &mut Findings,
    ) -> u64 {
        let mut calls = 0;
        for (tenant, ended) in self.row.tenants.iter().zip(&made.rows) {
            for (domain, held) in held(ended).filter(|(name, _)| subject.domains.contains(name)) {
                let gone: Vec<EntityCount> = held
                    .iter()
                    .map(|count| EntityCount {
                        records: 0,
                        ..count.clone()
                    })
                    .collect();
                let plan = async |held: &[EntityCount]| {
                    let context = sessions.rehearsal_context(&self.row, tenant, &domain);
                    let held = held.to_vec();
                    sessions
                        .plan_cleanup(&subject.after, &domain, context, held)
                        .await
                };
                let (first, second, last) =
                    (plan(&held).await, plan(&held).await, plan(&gone).await);
                calls += 3;
                let found = match (&first, &second, &last) {
                    (Err(reason), _, _) | (_, Err(reason), _) => {
                        vec![format!("it gave no plan: {reason}")]
                    }
                    (_, _, Err(reason)) => {
                        vec![format!(
                            "it gave no plan for what is gone already: {reason}"
                        )]
                    }
                    (Ok(first), Ok(second), _) if first != second => {
                        vec!["the same records gave another plan the second time".to_owned()]
                    }
                    (Ok(plan), _, Ok(nothing)) => {
                        let planned: u32 = nothing.deletions.iter().map(|one| one.records).sum();
                        let again = format!("it plans to delete {planned} records of nothing");
                        let wrong = plan.deletions.iter().filter(|planned| {
                            let is = held.iter().find(|held| held.entity == planned.entity);
                            is.is_none_or(|is| is.records != planned.records)
                        });
                        let wrong = wrong.map(|planned| {
                            format!(
                                "the plan has {} records of `{}`, which it does not hold",
                                planned.records, planned.entity
                            )
                        });
                        let forgotten = remarks_on(plan, &held)
                            .into_iter()
                            .filter(|said| !plan.notices.contains(said));
                        forgotten
                            .chain(wrong)
                            .chain((planned > 0).then_some(again))
                            .collect()
                    }
                };
                for message in found {
                    findings.push(Finding {
                        message,
                        ..self.finding(&domain, tenant, "cleanup")
                    });
                }
            }
        }
        calls
    }

    /// Holds the candidates to the laws that need sessions of their own; answers the calls.
    pub(super) async fn laws(
        &self,
        sessions: &Sessions,
        account: &Account,
        subject: &Subject,
        made: &Rehearsed,
        findings: &mut Findings,
    ) -> Result<u64, SessionError> {
        let instant = self.row.session_created_at;
        let other = Self::of(sessions, account, instant, (&subject.seed, Sample::Other));
        let others = other.whole(sessions, &subject.after).await;
        let mut calls = super::proof::calls(&others.rows, &subject.domains);
        let own = Arc::new((self.clone(), account.clone(), subject.clone(), made.clone()));
        let first = Arc::clone(&own);
        read(sessions, findings, move |findings| {
            let (own, account, subject, made) = &*first;
            own.apart(account, subject, (&other, &others), made, findings);
        })
        .await?;
        for weeks in WEEKS {
            let by = TimeDelta::weeks(weeks);
            let later = Self::of(
                sessions,
                account,
                instant + by,
                (&subject.seed, Sample::First),
            );
            let told = later.whole(sessions, &subject.after).await;
            calls += super::proof::calls(&told.rows, &subject.domains);
            let first = Arc::clone(&own);
            read(sessions, findings, move |findings| {
                let (own, _, subject, made) = &*first;
                own.later(subject, (&later, &told), by, made, findings);
            })
            .await?;
        }
        Ok(calls + self.slices(sessions, account, subject, findings).await?)
    }

    /// Two tenants share no id, and neither names the other or the fixtures' own.
    fn apart(
        &self,
        account: &Account,
        subject: &Subject,
        (other, others): (&Self, &Rehearsed),
        made: &Rehearsed,
        findings: &mut Findings,
    ) {
        let mut foreign: Vec<Uuid> = self.row.tenants.iter().map(|one| one.tenant_id).collect();
        foreign.push(account.base_tenant_id);
        foreign.extend(account.outlets.iter().map(|outlet| outlet.base_tenant_id));
        let foreign: Vec<String> = foreign.iter().map(Uuid::to_string).collect();
        let tenants = self.row.tenants.iter().zip(&other.row.tenants);
        for (tenant, other_tenant) in tenants {
            for domain in &subject.domains {
                let own = self.made_by(made, tenant.tenant_id, domain);
                let own: BTreeSet<String> = own.iter().flat_map(ids).collect();
                let theirs = other.made_by(others, other_tenant.tenant_id, domain);
                let mut faults = Vec::new();
                for held in &theirs {
                    let source = format!("{}.{}", held.domain, held.entity);
                    let shared = ids(held).into_iter().filter(|id| own.contains(id));
                    faults.extend(shared.map(|id| {
                        let message = format!("another tenant has a record {id} as well");
                        Fault::new(&source, "", "identity", message)
                    }));
                    let named = foreign.iter().filter(|id| held.rows.contains(*id));
                    faults.extend(named.map(|id| {
                        let message = format!("the tenant {id} is named, which is no relative");
                        Fault::new(&source, "", "identity", message)
                    }));
                }
                if !faults.is_empty() {
                    let total = faults.len();
                    faults.truncate(5);
                    findings.push(Finding {
                        message: format!("two tenants are not apart, {total} times"),
                        faults,
                        ..self.finding(domain, tenant, "identity")
                    });
                }
            }
        }
    }

    /// With a data clock that is whole weeks later, every date is that much later.
    fn later(
        &self,
        subject: &Subject,
        (later, told): (&Self, &Rehearsed),
        by: TimeDelta,
        made: &Rehearsed,
        findings: &mut Findings,
    ) {
        for tenant in &self.row.tenants {
            for domain in &subject.domains {
                let before = self.made_by(made, tenant.tenant_id, domain);
                let after = later.made_by(told, tenant.tenant_id, domain);
                let mut faults: Vec<Fault> = Vec::new();
                if before.len() != after.len() {
                    let message = format!("{} segments, later {}", before.len(), after.len());
                    faults.push(Fault::new(domain, "", "whole_weeks", message));
                }
                for (before, after) in before.iter().zip(&after) {
                    faults.extend(weeks::faults(before, after, by));
                }
                if !faults.is_empty() {
                    faults.truncate(10);
                    findings.push(Finding {
                        message: format!(
                            "told {} weeks later, more changes than the dates",
                            by.num_weeks()
                        ),
                        faults,
                        ..self.finding(domain, tenant, "whole_weeks")
                    });
                }
            }
        }
    }

    /// An empty slice is cloned, and a malformed one rejected as such.
    async fn slices(
        &self,
        sessions: &Sessions,
        account: &Account,
        subject: &Subject,
        findings: &mut Findings,
    ) -> Result<u64, SessionError> {
        let mut calls = 0;
        for domain in &subject.domains {
            let takes_part = |tenant: &&Tenant| {
                let slices = account.slices_of(tenant.outlet.as_deref());
                slices.is_some_and(|slices| slices.contains_key(domain))
            };
            let Some(tenant) = self.row.tenants.iter().find(takes_part) else {
                continue;
            };
            calls += 2;
            let empty = self.call(sessions, subject, tenant, domain, Vec::new());
            match empty.await? {
                Ok(_)
                | Err(
                    CallError::InvalidFixture { .. }
                    | CallError::Unsupported { .. }
                    | CallError::Failed { .. },
                ) => {}
                Err(error) => findings.push(Finding {
                    message: format!("a slice without a segment was not answered: {error}"),
                    ..self.finding(domain, tenant, "empty_slice")
                }),
            }
            let declared = sessions.parts().catalog.domain(domain);
            let entity = declared.and_then(|domain| domain.entities.first());
            let malformed = Segment {
                entity: entity.cloned().unwrap_or_default(),
                rows: MALFORMED.to_owned(),
            };
            let malformed = self.call(sessions, subject, tenant, domain, vec![malformed]);
            let said = match malformed.await? {
                Err(CallError::InvalidFixture { .. }) => continue,
                Ok(_) => "it was cloned".to_owned(),
                Err(error) => error.to_string(),
            };
            findings.push(Finding {
                message: format!(
                    "a slice that is not JSON must be answered with `invalid-fixture`: {said}"
                ),
                ..self.finding(domain, tenant, "malformed_slice")
            });
        }
        Ok(calls)
    }

    async fn call(
        &self,
        sessions: &Sessions,
        subject: &Subject,
        tenant: &Tenant,
        domain: &str,
        segments: Vec<Segment>,
    ) -> Result<Result<Vec<Segment>, CallError>, SessionError> {
        let parts = sessions.parts();
        let plugin = subject.after.active(domain).cloned();
        let (Some(plugin), Some(declared)) = (plugin, parts.catalog.domain(domain)) else {
            return Ok(Ok(Vec::new()));
        };
        let limits = Limits::of(declared, &parts.catalog.limits(), &parts.limits);
        let context = sessions.rehearsal_context(&self.row, tenant, domain);
        // Of no account, and so of no prepared image.
        let slice = FixtureSlice::loose(segments);
        let sandbox = parts.sandbox.clone();
        let called = parts.sandbox.run(limits.timeout + SLACK, move || {
            sandbox
                .clone_tenant(&plugin.component, &slice, &context, &limits)
                .map(|(segments, _cost)| segments)
        });
        Ok(match called.await {
            Ok(answer) => answer,
            Err(lost) => Err(lost),
        })
    }
}

/// Reads every record of two sessions on the pool for CPU-bound work.
async fn read(
    sessions: &Sessions,
    findings: &mut Findings,
    work: impl FnOnce(&mut Findings) + Send + 'static,
) -> Result<(), SessionError> {
    let mut found = std::mem::take(findings);
    let done = sessions.parts().sandbox.run(COMPARISON, move || {
        work(&mut found);
        found
    });
    *findings = done.await.map_err(|error| SessionError::Host {
        reason: error.to_string(),
    })?;
    Ok(())
}

/// The ids of a segment's records.
fn ids(held: &StoredSegment) -> Vec<String> {
    let records: Vec<Value> = serde_json::from_str(&held.rows).unwrap_or_default();
    let id = |record: &Value| Some(record.get("id")?.as_str()?.to_owned());
    records.iter().filter_map(id).collect()
}
