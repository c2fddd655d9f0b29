//! A session made again, and compared byte by byte with what is stored of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use super::clone::{Given, Job};
use super::progress::Progress;
use super::{SessionError, Sessions, read};
use crate::plugins::Registry;
use crate::receipts::Receipt;
use levain_model::{
    DomainStatus, Session, StoredSegment, Tenant, TriggerOutcome, TriggerStatus, sha256_hex,
};

/// What became of a session that was made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The session's tenants, in its order.
    pub tenants: Vec<Uuid>,
    /// Every segment that is stored, was cloned again, or is in the receipt.
    pub segments: Vec<Comparison>,
}

/// One segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The tenant that it belongs to.
    pub tenant_id: Uuid,
    /// The domain that owns it.
    pub domain: String,
    /// The entity.
    pub entity: String,
    /// The slug of the trigger that made it; empty for what a clone made.
    pub part: String,
    /// How it compares.
    pub verdict: Verdict,
}

/// How what is stored compares with what was made again, and with the receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The same bytes, and the receipt agrees.
    Same,
    /// Other bytes.
    Differs {
        /// Where the first of them is, in the stored text.
        offset: usize,
    },
    /// It is not stored.
    Missing,
    /// It was not made again.
    Unexpected,
    /// The same bytes, and the receipt disagrees.
    NotOfReceipt,
}

/// A segment's name within a session.
type Name = (Uuid, String, String, String);

impl Verification {
    /// Whether everything is the same.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.segments.iter().all(|one| one.verdict == Verdict::Same)
    }
}

impl Sessions {
    /// Makes an open session again in the sandbox, by the components that made it, and compares what comes
    /// out byte by byte with what is stored, and with its receipt. Nothing is written.
    ///
    /// # Errors
    /// [`SessionError::NotFound`], [`SessionError::Gone`], [`SessionError::NotOpen`];
    /// [`SessionError::NoReceipt`]; [`SessionError::NotReproducible`] where the catalog or a component is
    /// not the one that made it; [`SessionError::Busy`], [`SessionError::Store`].
    pub async fn verify(&self, session_id: &str) -> Result<Verification, SessionError> {
        let sessions = self.clone();
        let session_id = session_id.to_owned();
        self.tracked(async move { sessions.compare(&session_id).await })
            .await
    }

    async fn compare(&self, session_id: &str) -> Result<Verification, SessionError> {
        read::open(&self.find(session_id).await?)?;
        let _place = self.inner.admission.enter().await?;
        // A consistent read: this host changes nothing while the turn is held.
        let _turn = self.inner.turns.take(session_id).await;
        let session = self.find(session_id).await?;
        read::open(&session)?;
        let plugins = self.plugins_of(&session).await?;
        self.reproducible(&session, &plugins)?;
        let receipt = Receipt::read(&self.receipt(session_id).await?).map_err(|error| {
            SessionError::Host {
                reason: format!("the session's receipt: {error}"),
            }
        })?;
        let stored = self.stored_segments(&session).await?;
        let row = begun(&session);
        let progress = Arc::new(Progress::of_rehearsal(row.tenants.clone()));
        let pending = row.tenants.clone();
        let job = Job {
            sessions: self.clone(),
            row,
            plugins,
            progress,
        };
        let made = job.rehearse(Given::default()).await;
        if let Some(reason) = undone(&pending, &made.rows) {
            return Err(SessionError::NotReproducible { reason });
        }
        // Another host may have changed it, which is no fault of the data.
        let now = self.find(session_id).await?;
        read::open(&now)?;
        if now.epoch != session.epoch {
            return Err(SessionError::Changed);
        }
        Ok(Verification {
            tenants: session
                .tenants
                .iter()
                .map(|tenant| tenant.tenant_id)
                .collect(),
            segments: compare(stored, made.segments().cloned().collect(), &receipt),
        })
    }

    /// # Errors
    /// [`SessionError::NotReproducible`] where what made it is not what would make it now.
    fn reproducible(&self, session: &Session, plugins: &Registry) -> Result<(), SessionError> {
        let parts = &self.inner.parts;
        let refuse = |reason: String| Err(SessionError::NotReproducible { reason });
        if session.catalog_digest != parts.catalog.digest() {
            return refuse("it was made of another catalog than this host serves".to_owned());
        }
        let made_by = session.tenants.iter().flat_map(|tenant| {
            let cloned = tenant
                .services
                .iter()
                .filter(|row| is_completed(row.status));
            let cloned = cloned.map(|row| (&row.domain, &row.plugin_digest));
            let raised = tenant.triggers.iter().filter(|row| is_raised(row));
            cloned.chain(raised.map(|row| (&row.domain, &row.plugin_digest)))
        });
        for (domain, digest) in made_by {
            let active = plugins.active(domain).map(|plugin| &plugin.digest);
            if active != digest.as_ref() {
                return refuse(format!(
                    "domain `{domain}` was made by the component {}, which the session's revision does not have here",
                    digest.as_deref().unwrap_or("that is not known")
                ));
            }
        }
        Ok(())
    }

    async fn stored_segments(&self, session: &Session) -> Result<Vec<StoredSegment>, SessionError> {
        let mut stored = Vec::new();
        for tenant in &session.tenants {
            let held = self
                .inner
                .parts
                .repo
                .find_segments(tenant.tenant_id, None, None);
            stored.extend(held.await?);
        }
        Ok(stored)
    }
}

fn is_completed(status: DomainStatus) -> bool {
    status == DomainStatus::Completed
}

fn is_raised(row: &TriggerOutcome) -> bool {
    row.status == TriggerStatus::Completed
}

/// The session with everything pending that was made of it, and only that.
fn begun(session: &Session) -> Session {
    let mut begun = session.clone();
    for tenant in &mut begun.tenants {
        for row in tenant
            .services
            .iter_mut()
            .filter(|row| is_completed(row.status))
        {
            row.status = DomainStatus::Pending;
        }
        for row in &mut tenant.triggers {
            row.status = match is_raised(row) {
                true => TriggerStatus::Pending,
                false => TriggerStatus::Disabled,
            };
        }
    }
    begun
}

/// What was to be made again and was not.
fn undone(begun: &[Tenant], ended: &[Tenant]) -> Option<String> {
    let failed = |name: &str, message: Option<&str>| {
        let message = message.unwrap_or("its call did not end");
        Some(format!("`{name}` failed this time: {message}"))
    };
    for (begun, ended) in begun.iter().zip(ended) {
        for (before, after) in begun.services.iter().zip(&ended.services) {
            if before.status == DomainStatus::Pending && !is_completed(after.status) {
                let error = after.error.as_ref();
                return failed(&after.domain, error.map(|error| error.message.as_str()));
            }
        }
        for (before, after) in begun.triggers.iter().zip(&ended.triggers) {
            if before.status == TriggerStatus::Pending && !is_raised(after) {
                let error = after.error.as_ref().map(|error| error.message.as_str());
                return failed(&after.trigger, error.or(after.reason.as_deref()));
            }
        }
    }
    None
}

fn compare(
    stored: Vec<StoredSegment>,
    made: Vec<StoredSegment>,
    receipt: &Receipt,
) -> Vec<Comparison> {
    let stored = by_name(stored);
    let made = by_name(made);
    let mut names: BTreeSet<Name> = stored.keys().chain(made.keys()).cloned().collect();
    for tenant in &receipt.tenants {
        names.extend(tenant.segments.iter().map(|told| {
            (
                tenant.tenant_id,
                told.domain.clone(),
                told.entity.clone(),
                told.part.clone(),
            )
        }));
    }
    names
        .into_iter()
        .map(|name| {
            let verdict = match (stored.get(&name), made.get(&name)) {
                (None, _) => Verdict::Missing,
                (Some(_), None) => Verdict::Unexpected,
                (Some(stored), Some(made)) => judge(stored, made, receipt),
            };
            let (tenant_id, domain, entity, part) = name;
            Comparison {
                tenant_id,
                domain,
                entity,
                part,
                verdict,
            }
        })
        .collect()
}

fn judge(stored: &StoredSegment, made: &StoredSegment, receipt: &Receipt) -> Verdict {
    if stored.rows != made.rows {
        let same = stored
            .rows
            .bytes()
            .zip(made.rows.bytes())
            .take_while(|(one, other)| one == other);
        return Verdict::Differs {
            offset: same.count(),
        };
    }
    let told = receipt.segment(stored);
    match told.is_some_and(|told| told.sha256 == sha256_hex(stored.rows.as_bytes())) {
        true => Verdict::Same,
        false => Verdict::NotOfReceipt,
    }
}

fn by_name(segments: Vec<StoredSegment>) -> BTreeMap<Name, StoredSegment> {
    segments
        .into_iter()
        .map(|held| {
            let name = (
                held.tenant_id,
                held.domain.clone(),
                held.entity.clone(),
                held.part.clone(),
            );
            (name, held)
        })
        .collect()
}
