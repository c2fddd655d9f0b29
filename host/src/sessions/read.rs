//! Reading: sessions as they are now, and the data of those that are open.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::tenants::scope;
use super::{SessionError, Sessions};
use levain_catalog::{Domain, Trigger};
use levain_model::{
    DomainStatus, Segment, Session, SessionStatus, StoredSegment, Tenant, TriggerOutcome,
    TriggerStatus, concatenated,
};
use levain_store::SessionPosition;

/// Longer than the canonical form of any domain takes.
const EXPORT_LIMIT: Duration = Duration::from_secs(30);

impl Sessions {
    /// A session as it is now: while it is being cloned in this process, with the live state of
    /// its domains; past its time, EXPIRED.
    ///
    /// # Errors
    /// [`SessionError::NotFound`], [`SessionError::Store`].
    pub async fn find(&self, session_id: &str) -> Result<Session, SessionError> {
        let found = self.inner.parts.repo.find_session(session_id).await?;
        found
            .map(|session| self.as_of_now(session))
            .ok_or(SessionError::NotFound { what: "session" })
    }

    /// Sessions, newest first, at most `limit`: those after `after` in this order.
    ///
    /// # Errors
    /// [`SessionError::Store`].
    pub async fn list(
        &self,
        after: Option<&SessionPosition>,
        limit: u32,
    ) -> Result<Vec<Session>, SessionError> {
        let sessions = self.inner.parts.repo.list_sessions(after, limit).await?;
        Ok(sessions
            .into_iter()
            .map(|session| self.as_of_now(session))
            .collect())
    }

    /// A session whose data can be read, and one of its tenants: its own where none is named.
    ///
    /// # Errors
    /// [`SessionError::NotFound`]; [`SessionError::Gone`] where it is over;
    /// [`SessionError::NotOpen`] where it is not READY or PARTIAL.
    pub async fn open_tenant(
        &self,
        session_id: &str,
        tenant_id: Option<Uuid>,
    ) -> Result<(Session, Tenant), SessionError> {
        let session = self.find(session_id).await?;
        open(&session)?;
        let tenant = session
            .tenants
            .iter()
            .find(|tenant| tenant_id.is_none_or(|id| tenant.tenant_id == id))
            .cloned()
            .ok_or(SessionError::NotFound { what: "tenant" })?;
        Ok((session, tenant))
    }

    /// The session that a virtual tenant belongs to.
    ///
    /// # Errors
    /// [`SessionError::NotFound`] where no session that is not destroyed has this tenant.
    pub async fn session_of_tenant(&self, tenant_id: Uuid) -> Result<Session, SessionError> {
        let found = self
            .inner
            .parts
            .repo
            .find_session_of_tenant(tenant_id)
            .await?;
        found
            .map(|session| self.as_of_now(session))
            .ok_or(SessionError::NotFound { what: "tenant" })
    }

    /// The segments of an entity of a tenant: one that was cloned, or one per trigger, in their order.
    /// None where there is no record of this entity.
    ///
    /// # Errors
    /// [`SessionError::UnknownDomain`], [`SessionError::UnknownEntity`], [`SessionError::Store`].
    pub async fn segments(
        &self,
        tenant_id: Uuid,
        domain: &str,
        entity: &str,
    ) -> Result<Vec<StoredSegment>, SessionError> {
        self.known_entity(domain, entity)?;
        Ok(self
            .inner
            .parts
            .repo
            .find_segments(tenant_id, Some(domain), Some(entity))
            .await?)
    }

    /// All records of one domain of a tenant, as `{"<entity>": [...]}`: as they are stored, or in
    /// the canonical form that two sessions of one account and data clock share (domain
    /// specification, section 6).
    ///
    /// # Errors
    /// [`SessionError::NotFound`], [`SessionError::Gone`], [`SessionError::NotOpen`],
    /// [`SessionError::UnknownDomain`], [`SessionError::NotExportable`].
    pub async fn export(
        &self,
        domain: &str,
        tenant_id: Uuid,
        canonical: bool,
    ) -> Result<String, SessionError> {
        let parts = &self.inner.parts;
        let domain = self.known_domain(domain)?;
        let session = self.session_of_tenant(tenant_id).await?;
        open(&session)?;
        let tenant = session
            .tenants
            .iter()
            .find(|tenant| tenant.tenant_id == tenant_id)
            .ok_or(SessionError::NotFound { what: "tenant" })?;
        readable(tenant, domain, parts.catalog.triggers())?;
        let held = parts
            .repo
            .find_segments(tenant_id, Some(&domain.slug), None);
        let stored = by_entity(held.await?);
        if stored.is_empty() {
            // Nothing was cloned, or everything was deleted since the session was read.
            open(&self.session_of_tenant(tenant_id).await?)?;
        }
        if !canonical {
            return Ok(as_object(&stored));
        }
        let (scope, domain) = (scope(&session, tenant), domain.clone());
        let catalog = Arc::clone(&parts.catalog);
        // Every id of the account is derived for it: too much for an async thread.
        let exported = parts.sandbox.run(EXPORT_LIMIT, move || {
            let account = catalog.account(&scope.account)?;
            Some(catalog.canonical(account, &scope, &domain, &stored))
        });
        let exported = exported.await.map_err(|error| SessionError::Host {
            reason: error.to_string(),
        })?;
        exported
            .ok_or_else(|| SessionError::UnknownAccount {
                asked: session.account.clone(),
                known: Vec::new(),
            })?
            .map_err(|fault| SessionError::NotExportable {
                fault: Box::new(fault),
            })
    }

    /// Whether the store can be reached and every required domain is served.
    ///
    /// # Errors
    /// [`SessionError::Store`], [`SessionError::Stopping`], or [`SessionError::Host`] naming what is not served.
    pub async fn ready(&self) -> Result<(), SessionError> {
        let parts = &self.inner.parts;
        parts.repo.ping().await?;
        let plugins = parts.plugins.newest();
        let unserved = parts
            .catalog
            .domains()
            .iter()
            .find(|domain| domain.required && plugins.active(&domain.slug).is_none());
        match unserved {
            Some(domain) => Err(SessionError::Host {
                reason: format!("no plugin serves the required domain `{}`", domain.slug),
            }),
            None if self.inner.tasks.is_closed() => Err(SessionError::Stopping),
            None => Ok(()),
        }
    }

    /// The stored row, corrected for what only this process and the clock know.
    fn as_of_now(&self, mut session: Session) -> Session {
        if session.status == SessionStatus::Cloning {
            if let Some(progress) = self.inner.under_way.find(&session.session_id) {
                session.tenants = progress.snapshot();
            }
        } else if session.status.is_open() && session.expires_at <= self.inner.parts.clock.now() {
            session.status = SessionStatus::Expired;
        }
        session
    }

    pub(super) fn known_domain(
        &self,
        asked: &str,
    ) -> Result<&levain_catalog::Domain, SessionError> {
        let catalog = &self.inner.parts.catalog;
        catalog
            .domain(asked)
            .ok_or_else(|| SessionError::UnknownDomain {
                asked: asked.to_owned(),
                known: catalog
                    .domains()
                    .iter()
                    .map(|domain| domain.slug.clone())
                    .collect(),
            })
    }

    fn known_entity(&self, domain: &str, asked: &str) -> Result<(), SessionError> {
        let domain = self.known_domain(domain)?;
        if domain.entities.iter().any(|entity| entity == asked) {
            return Ok(());
        }
        Err(SessionError::UnknownEntity {
            domain: domain.slug.clone(),
            asked: asked.to_owned(),
            known: domain.entities.clone(),
        })
    }
}

/// # Errors
/// [`SessionError::Gone`] or [`SessionError::NotOpen`] where the data cannot be read.
pub(super) fn open(session: &Session) -> Result<(), SessionError> {
    match session.status {
        SessionStatus::Ready | SessionStatus::Partial => Ok(()),
        status
        @ (SessionStatus::Expired | SessionStatus::Destroying | SessionStatus::Destroyed) => {
            Err(SessionError::Gone { status })
        }
        status @ (SessionStatus::Cloning | SessionStatus::Failed) => {
            Err(SessionError::NotOpen { status })
        }
    }
}

/// A domain that was not cloned, or that no trigger has written, has no records to tell, which is not
/// the same as none.
///
/// # Errors
/// [`SessionError::NotCloned`].
pub fn readable(
    tenant: &Tenant,
    domain: &Domain,
    triggers: &[Trigger],
) -> Result<(), SessionError> {
    let refused = |why| {
        Err(SessionError::NotCloned {
            domain: domain.slug.clone(),
            why,
        })
    };
    if domain.triggered {
        let made = |row: &&TriggerOutcome| {
            let mut writers = triggers.iter();
            writers.any(|own| own.slug == row.trigger && own.writes.domain == domain.slug)
        };
        let mut states = tenant.triggers.iter().filter(made).map(|row| row.status);
        return match states.clone().next() {
            None => refused("no trigger runs for this tenant"),
            Some(_) if states.any(|state| state == TriggerStatus::Completed) => Ok(()),
            Some(_) => refused("none of its triggers has run; the session's triggers say why"),
        };
    }
    let mut services = tenant.services.iter();
    let service = services.find(|service| service.domain == domain.slug);
    let why = match service.map(|service| service.status) {
        Some(DomainStatus::Completed) => return Ok(()),
        None => "it takes no part in this tenant",
        Some(DomainStatus::Failed) => "its clone failed; the session's services say why",
        Some(DomainStatus::Deleted) => "it was deleted since",
        Some(DomainStatus::Discarded) => "the session FAILED and nothing of it was kept",
        Some(DomainStatus::Pending | DomainStatus::Cloning) => "its clone did not end",
    };
    refused(why)
}

/// One segment per entity: the parts of several triggers are concatenated.
fn by_entity(stored: Vec<StoredSegment>) -> Vec<Segment> {
    let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for segment in stored {
        parts.entry(segment.entity).or_default().push(segment.rows);
    }
    parts
        .into_iter()
        .map(|(entity, mut rows)| Segment {
            entity,
            rows: match rows.len() {
                1 => rows.pop().unwrap_or_default(),
                _ => concatenated(rows.iter().map(String::as_str)),
            },
        })
        .collect()
}

/// The segments' texts, put together without parsing them.
fn as_object(segments: &[Segment]) -> String {
    let bytes: usize = segments
        .iter()
        .map(|segment| segment.rows.len() + segment.entity.len() + 4)
        .sum();
    let mut text = String::with_capacity(bytes + 2);
    text.push('{');
    for (index, segment) in segments.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        // A slug needs no escaping.
        text.push('"');
        text.push_str(&segment.entity);
        text.push_str("\":");
        text.push_str(&segment.rows);
    }
    text.push('}');
    text
}
