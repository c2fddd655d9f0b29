//! One session: created, read, deleted, and what was read checked.

use ureq::http::Method;
use uuid::Uuid;

use super::course::{Course, MarkedTimes, place};
use super::creation::Created;
use super::observation::{Observation, Times};
use super::responses::{Alerts, Life, Session, segments};
use crate::cli::client::{Call, Response, session_path};
use crate::cli::failure::Failure;
use crate::cli::problem::Problem;
use levain_catalog::{DomainExport, TenantExport, TenantScope};
use levain_model::sha256_hex;

/// Deletions per session; repeated ones must succeed although nothing is left.
const DELETIONS: usize = 3;

impl Course<'_> {
    /// Creates one session and checks it.
    pub(super) fn try_one(&self, marked: &MarkedTimes) -> Result<Observation, Failure> {
        let (created, creation) = self.create()?;
        let mut seen = Observation {
            creation,
            ..Observation::default()
        };
        let session = match created {
            Created::Session(session) => session,
            Created::Failed { session_id, why } => {
                self.remember(session_id.as_deref());
                seen.not_ready = Some(why);
                return Ok(seen);
            }
        };
        self.remember(Some(&session.session_id));
        if session.status != "READY" {
            seen.not_ready = Some(format!("it is {}", session.status));
            return Ok(seen);
        }
        let tenants = session.tenants(self.account);
        self.demand_same_fixtures(&session, &tenants)?;
        seen.open_alerts = self.open_alerts(&session)?;
        let exports = self.read(&session, &tenants, &mut seen)?;
        seen.extension = self.extend(&session)?;
        if !self.keep {
            self.delete(&session, &tenants, &mut seen)?;
        }
        self.check_times(marked, &exports, &mut seen.times);
        seen.report = self.catalog.check_session(exports);
        Ok(seen)
    }

    /// Fails early if the host serves another catalog: every session would have faults.
    fn demand_same_fixtures(
        &self,
        session: &Session,
        tenants: &[TenantScope],
    ) -> Result<(), Failure> {
        for scope in tenants {
            let slices = self.account.slices_of(scope.outlet.as_deref());
            for (domain, service) in session.services.get(&scope.tenant_id).into_iter().flatten() {
                let own = slices.and_then(|slices| slices.get(domain));
                if own.map(|slice| slice.digest.as_str()) != service.fixture_digest.as_deref() {
                    let place = place(scope.outlet.as_deref(), domain);
                    return Err(Failure::from(anyhow::anyhow!(
                        "the host clones `{place}` from other fixtures than this catalog's"
                    ))
                    .with_hint(
                        "levain verify --catalog FILE names the catalog that the host serves",
                    ));
                }
            }
        }
        Ok(())
    }

    /// The number of open alerts of all tenants, read like a visitor.
    fn open_alerts(&self, session: &Session) -> Result<u64, Failure> {
        if self.catalog.triggers().is_empty() {
            return Ok(0);
        }
        let path = session_path(&session.session_id)?;
        let path = format!("{path}/alerts?status=open&limit=1");
        let token = Some(session.credentials.access_token.as_str());
        let response = self
            .client
            .call(Call::new(Method::GET, &path).with_token(token))?;
        Ok(response.read::<Alerts>()?.total)
    }

    /// Exports every domain of every tenant in both forms: canonical for digests, stored for records.
    fn read(
        &self,
        session: &Session,
        tenants: &[TenantScope],
        seen: &mut Observation,
    ) -> Result<Vec<TenantExport>, Failure> {
        let mut exports = Vec::new();
        for scope in tenants {
            let mut domains = Vec::new();
            for domain in session.domains(self.catalog, scope.tenant_id) {
                let place = place(scope.outlet.as_deref(), domain);
                match self.export(domain, scope.tenant_id, "canonical")? {
                    Ok(text) => {
                        let digest = sha256_hex(text.as_bytes());
                        seen.digests.insert(place, digest);
                    }
                    Err(problem) => seen.refused.push(format!("`{place}`: {problem}")),
                }
                match self.export(domain, scope.tenant_id, "stored")? {
                    Ok(text) => domains.push(DomainExport {
                        domain: domain.to_owned(),
                        segments: segments(&text)?,
                    }),
                    Err(problem) => seen
                        .refused
                        .push(format!("`{domain}`, as stored: {problem}")),
                }
            }
            let scope = scope.clone();
            exports.push(TenantExport { scope, domains });
        }
        Ok(exports)
    }

    /// An export, or why the host refuses it.
    fn export(
        &self,
        domain: &str,
        tenant: Uuid,
        form: &str,
    ) -> Result<Result<String, Problem>, Failure> {
        let path = format!("/services/{domain}/internal/demo/export/{tenant}?form={form}");
        let call = Call::new(Method::GET, &path).with_key(Some(self.key));
        Ok(or_refusal(self.client.call(call))?.map(|response| response.text))
    }

    /// Extends the session once; `None` if no extension is left or the host has no such call.
    fn extend(&self, session: &Session) -> Result<Option<Option<String>>, Failure> {
        if session.life.extensions_left == 0 {
            return Ok(None);
        }
        let path = format!("{}/extend", session_path(&session.session_id)?);
        match or_refusal(self.client.call(Call::new(Method::POST, &path)))? {
            Ok(response) => {
                let after: Life = response.read()?;
                Ok(Some(session.life.extended_wrongly(&after)))
            }
            // The session exists, so the host lacks the call.
            Err(problem) if matches!(problem.status, 404 | 405) => Ok(None),
            Err(problem) => Ok(Some(Some(problem.to_string()))),
        }
    }

    /// Deletes the session several times, and reads in the database what is left of it.
    fn delete(
        &self,
        session: &Session,
        tenants: &[TenantScope],
        seen: &mut Observation,
    ) -> Result<(), Failure> {
        let tenants: Vec<Uuid> = tenants.iter().map(|scope| scope.tenant_id).collect();
        if let Some(database) = self.database
            && database.held(&tenants)? == 0
        {
            // Otherwise the wrong database would be found clean.
            return Err(Failure::from(anyhow::anyhow!(
                "the database has no row of a session that stands: it is not the host's"
            ))
            .with_hint("levain verify --database-url URL names the host's own"));
        }
        let path = session_path(&session.session_id)?;
        for _ in 0..DELETIONS {
            let deleted = or_refusal(self.client.call(Call::new(Method::DELETE, &path)))?;
            seen.deletions.push(match deleted {
                Ok(response) => response.status,
                Err(problem) => problem.status,
            });
        }
        if seen.deletions.contains(&200) {
            self.forget(&session.session_id);
        }
        if let Some(database) = self.database {
            seen.residue = Some(database.residue(&tenants)?);
        }
        Ok(())
    }

    fn check_times(&self, marked: &MarkedTimes, exports: &[TenantExport], times: &mut Times) {
        for TenantExport { scope, domains } in exports {
            for DomainExport { domain, segments } in domains {
                let place = place(scope.outlet.as_deref(), domain);
                let Some(expected) = marked.get(&place) else {
                    continue;
                };
                let report = self.catalog.check_times(expected, scope, segments);
                times.expected += report.expected;
                times.total += report.total;
                times.largest_deviation = times.largest_deviation.max(report.largest_deviation);
                times.faults.extend(report.faults);
            }
        }
    }
}

/// Turns a refusal into a value where the check expects one.
fn or_refusal(called: Result<Response, Failure>) -> Result<Result<Response, Problem>, Failure> {
    match called {
        Ok(response) => Ok(Ok(response)),
        Err(failure) => match failure.cause::<Problem>() {
            Some(problem) => Ok(Err(problem.clone())),
            None => Err(failure),
        },
    }
}
