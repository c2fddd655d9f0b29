//! What the library answers: each call as the sessions would, or the trouble that it is in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use super::{Library, Trouble};
use crate::http::testing::town::{POLICY, failure};
use crate::http::{PluginApi, SessionApi, States};
use crate::metrics::Gauges;
use crate::receipts::PublicKey;
use crate::revisions::{
    Difference, DomainVersions, Install, InstallTurn, Installation, Installed, Proof,
    RevisionError, Rollback, Version, VersionHealth,
};
use crate::sessions::{
    CallTrigger, CloneChild, CloneDomain, Comparison, Created, Destroyed, NewSession, SessionError,
    SessionPolicy, Verdict, Verification,
};
use levain_catalog::{Account, Domain, EntityRef, Trigger};
use levain_model::Phase;
use levain_model::{
    Cause, DomainOutcome, DomainStatus, Session, SessionStatus, Tenant, TriggerOutcome,
    TriggerStatus,
};
use levain_model::{EntityCounts, StoredSegment, sha256_hex};
use levain_store::SessionPosition;

/// A look-out on one session.
struct Look {
    sessions: Arc<Mutex<BTreeMap<String, Session>>>,
    changed: watch::Receiver<()>,
    session_id: String,
    seen: Option<SessionStatus>,
}

impl Look {
    async fn next(&mut self) -> Option<Result<Session, SessionError>> {
        match self.seen {
            None => {}
            Some(SessionStatus::Failed | SessionStatus::Destroyed) => return None,
            Some(_) => self.changed.changed().await.ok()?,
        }
        self.changed.mark_unchanged();
        let found = self.sessions.lock().unwrap().get(&self.session_id).cloned();
        self.seen = found.as_ref().map(|row| row.status);
        Some(found.ok_or(SessionError::NotFound { what: "session" }))
    }
}

#[async_trait]
impl PluginApi for Library {
    async fn versions(&self) -> Result<(u32, Vec<DomainVersions>), RevisionError> {
        self.trouble()?;
        Ok((2, vec![shelving_versions()]))
    }

    async fn take_turn(&self) -> Result<InstallTurn, RevisionError> {
        InstallTurn::take(&self.installing).ok_or(RevisionError::Busy)
    }

    async fn install(
        &self,
        _turn: InstallTurn,
        asked: Install,
    ) -> Result<Installation, RevisionError> {
        self.trouble()?;
        let mut candidates = Vec::new();
        for candidate in &asked.candidates {
            if candidate.domain != "shelving" {
                return Err(RevisionError::UnknownDomain {
                    asked: candidate.domain.clone(),
                    known: vec!["shelving".to_owned()],
                });
            }
            candidates.push(Installed {
                domain: candidate.domain.clone(),
                digest: sha256_hex(&candidate.bytes),
                size_bytes: candidate.bytes.len() as u64,
                interface: "0.1.0".to_owned(),
                previous: Some("d1".to_owned()),
                new_imports: Vec::new(),
                admission: std::time::Duration::from_millis(3),
            });
        }
        Ok(Installation {
            candidates,
            proof: Proof::default(),
            difference: Difference::default(),
            before: 2,
            revision: 2 + u32::from(asked.activate),
        })
    }

    async fn roll_back(&self, asked: Rollback) -> Result<u32, RevisionError> {
        self.trouble()?;
        match asked.domains.iter().find(|domain| *domain != "shelving") {
            Some(domain) => Err(RevisionError::NothingBefore {
                domain: domain.clone(),
            }),
            None => Ok(3),
        }
    }
}

fn shelving_versions() -> DomainVersions {
    let version = |digest: &str, revision| Version {
        digest: digest.to_owned(),
        revision,
        cause: Some(Cause::Install),
        made_at: Some(crate::http::testing::town::base()),
        made_by: Some("the book binder".to_owned()),
    };
    DomainVersions {
        domain: "shelving".to_owned(),
        required: true,
        active: Some(version("d2", 2)),
        size_bytes: Some(7),
        interface: Some("0.1.0".to_owned()),
        health: VersionHealth::Serving,
        earlier: vec![version("d1", 1)],
    }
}

#[async_trait]
impl SessionApi for Library {
    async fn create(&self, new: NewSession) -> Result<Created, SessionError> {
        let trouble = self.trouble()?;
        if let Some(session) = self.made_before(&new)? {
            return Ok(Created { session });
        }
        let mut session = self.row(new)?;
        let failed = match trouble {
            Trouble::Required => 0,
            Trouble::Optional => 1,
            _ => {
                self.keep(session.clone());
                return Ok(Created { session });
            }
        };
        for tenant in &mut session.tenants {
            let domain = tenant.services[failed].domain.clone();
            tenant.services[failed] = DomainOutcome {
                status: DomainStatus::Failed,
                error: Some(failure()),
                ..DomainOutcome::pending(&domain)
            };
        }
        session.status = if failed == 0 {
            SessionStatus::Failed
        } else {
            SessionStatus::Partial
        };
        self.keep(session.clone());
        match failed {
            0 => Err(SessionError::CloneFailed {
                session: Box::new(session),
            }),
            _ => Ok(Created { session }),
        }
    }

    async fn begin(&self, new: NewSession) -> Result<Created, SessionError> {
        self.trouble()?;
        if let Some(session) = self.made_before(&new)? {
            return Ok(Created { session });
        }
        let mut session = self.row(new)?;
        session.status = SessionStatus::Cloning;
        session.cloning_completed_at = None;
        session.tenants[0].services[1] = DomainOutcome::pending("lending");
        self.keep(session.clone());
        Ok(Created { session })
    }

    async fn find(&self, session_id: &str) -> Result<Session, SessionError> {
        self.trouble()?;
        let found = self.sessions.lock().unwrap().get(session_id).cloned();
        found.ok_or(SessionError::NotFound { what: "session" })
    }

    async fn receipt(&self, session_id: &str) -> Result<String, SessionError> {
        let session = self.find(session_id).await?;
        match session.status {
            status @ SessionStatus::Cloning => Err(SessionError::NoReceipt { status }),
            _ => Ok(json!({"receipt": {"account": session.account}}).to_string()),
        }
    }

    async fn verify(&self, session_id: &str) -> Result<Verification, SessionError> {
        let trouble = self.trouble()?;
        let session = self.find(session_id).await?;
        Self::open(&session)?;
        let tenant_id = session.tenants[0].tenant_id;
        let compared = |entity: &str, verdict| Comparison {
            tenant_id,
            domain: "shelving".to_owned(),
            entity: entity.to_owned(),
            part: String::new(),
            verdict,
        };
        let verdict = match trouble {
            Trouble::Changed => return Err(SessionError::Changed),
            Trouble::Required => Verdict::Differs { offset: 7 },
            _ => Verdict::Same,
        };
        Ok(Verification {
            tenants: vec![tenant_id],
            segments: vec![compared("book", verdict), compared("shelf", Verdict::Same)],
        })
    }

    fn receipt_key(&self) -> PublicKey {
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
            .parse()
            .unwrap()
    }

    async fn extend(&self, session_id: &str) -> Result<Session, SessionError> {
        let mut session = self.find(session_id).await?;
        Self::open(&session)?;
        if session.extensions == POLICY.max_extensions {
            return Err(SessionError::NoMoreExtensions {
                most: POLICY.max_extensions,
            });
        }
        session.extensions += 1;
        session.expires_at += POLICY.duration;
        self.put(session.clone());
        Ok(session)
    }

    async fn reset(&self, session_id: &str) -> Result<Session, SessionError> {
        let trouble = self.trouble()?;
        let mut session = self.find(session_id).await?;
        Self::open(&session)?;
        match trouble {
            Trouble::Changed => Err(SessionError::Changed),
            Trouble::Required => {
                let service = &mut session.tenants[0].services[0];
                service.status = DomainStatus::Failed;
                service.error = Some(failure());
                session.status = SessionStatus::Failed;
                Err(SessionError::CloneFailed {
                    session: Box::new(session),
                })
            }
            _ => {
                session.session_created_at += TimeDelta::hours(1);
                self.put(session.clone());
                Ok(session)
            }
        }
    }

    async fn list(
        &self,
        after: Option<&SessionPosition>,
        limit: u32,
    ) -> Result<Vec<Session>, SessionError> {
        self.trouble()?;
        // All of them were created at one instant.
        Ok(self
            .sessions
            .lock()
            .unwrap()
            .values()
            .rev()
            .filter(|row| after.is_none_or(|after| row.session_id < after.session_id))
            .take(limit as usize)
            .cloned()
            .collect())
    }

    async fn destroy(&self, session_id: &str) -> Result<Destroyed, SessionError> {
        let mut session = self.find(session_id).await?;
        session.status = SessionStatus::Destroyed;
        let mut segments = self.segments.lock().unwrap();
        let mut records_deleted = 0;
        for tenant in &session.tenants {
            segments.retain(|(tenant_id, ..), segment| {
                let own = *tenant_id == tenant.tenant_id;
                records_deleted += if own { u64::from(segment.records) } else { 0 };
                !own
            });
        }
        drop(segments);
        self.put(session);
        Ok(Destroyed {
            session_id: session_id.to_owned(),
            status: SessionStatus::Destroyed,
            records_deleted,
            duration_ms: 2.0,
        })
    }

    fn watch(&self, session_id: &str) -> States {
        let look = Look {
            sessions: Arc::clone(&self.sessions),
            changed: self.changed.subscribe(),
            session_id: session_id.to_owned(),
            seen: None,
        };
        match self.trouble() {
            Err(error) => Box::pin(stream::iter([Err(error)])),
            Ok(_) => Box::pin(stream::unfold(look, |mut look| async move {
                let state = look.next().await?;
                Some((state, look))
            })),
        }
    }

    async fn open_tenant(
        &self,
        session_id: &str,
        tenant_id: Option<Uuid>,
    ) -> Result<(Session, Tenant), SessionError> {
        let session = self.find(session_id).await?;
        Self::open(&session)?;
        let mut tenants = session.tenants.iter();
        let tenant = tenants
            .find(|tenant| tenant_id.is_none_or(|id| id == tenant.tenant_id))
            .cloned();
        Ok((
            session,
            tenant.ok_or(SessionError::NotFound { what: "tenant" })?,
        ))
    }

    async fn segments(
        &self,
        tenant_id: Uuid,
        domain: &str,
        entity: &str,
    ) -> Result<Vec<StoredSegment>, SessionError> {
        self.known(domain, entity)?;
        let key = (tenant_id, domain.to_owned(), entity.to_owned());
        let segments = self.segments.lock().unwrap();
        Ok(segments.get(&key).cloned().into_iter().collect())
    }

    async fn session_of_tenant(&self, tenant_id: Uuid) -> Result<Session, SessionError> {
        self.trouble()?;
        let sessions = self.sessions.lock().unwrap();
        let mut rows = sessions.values();
        let found = rows.find(|row| {
            row.tenants
                .iter()
                .any(|tenant| tenant.tenant_id == tenant_id)
        });
        found
            .cloned()
            .ok_or(SessionError::NotFound { what: "tenant" })
    }

    async fn clone_domain(&self, asked: CloneDomain) -> Result<DomainOutcome, SessionError> {
        let trouble = self.trouble()?;
        let (_, tenant) = self
            .open_tenant(&asked.session_id, Some(asked.virtual_tenant_id))
            .await?;
        if trouble == Trouble::Required {
            return Err(SessionError::DomainFailed {
                domain: asked.domain,
                error: Box::new(failure()),
            });
        }
        tenant
            .services
            .into_iter()
            .find(|service| service.domain == asked.domain)
            .ok_or_else(|| SessionError::UnknownDomain {
                asked: asked.domain,
                known: Vec::new(),
            })
    }

    async fn clone_child(&self, asked: CloneChild) -> Result<DomainOutcome, SessionError> {
        let opened = self.open_tenant(&asked.session_id, Some(asked.virtual_tenant_id));
        let (_, tenant) = opened.await?;
        tenant
            .services
            .into_iter()
            .next()
            .ok_or(SessionError::NotFound { what: "tenant" })
    }

    async fn run_trigger(&self, asked: CallTrigger) -> Result<TriggerOutcome, SessionError> {
        let trouble = self.trouble()?;
        let mut triggers = self.triggers.iter();
        let trigger = triggers
            .find(|trigger| {
                trigger.domain == asked.domain && trigger.path.as_deref() == Some(&asked.path)
            })
            .ok_or_else(|| SessionError::UnknownTrigger {
                domain: asked.domain.clone(),
                asked: asked.path.clone(),
                known: vec!["overdue".to_owned()],
            })?;
        self.session_of_tenant(asked.tenant_id).await?;
        let name = trigger.slug.clone();
        match trouble {
            Trouble::Optional => Err(SessionError::TriggerSkipped {
                trigger: name,
                reason: "`lending` of Town Library was deleted".to_owned(),
            }),
            Trouble::Required => Err(SessionError::TriggerFailed {
                trigger: name,
                error: Box::new(failure()),
            }),
            _ => Ok(TriggerOutcome {
                status: TriggerStatus::Completed,
                records: 3,
                duration_ms: Some(1.5),
                ..TriggerOutcome::pending(&name, &trigger.domain, trigger.phase)
            }),
        }
    }

    async fn delete_domain(
        &self,
        domain: &str,
        tenant_id: Uuid,
    ) -> Result<EntityCounts, SessionError> {
        self.trouble()?;
        let mut deleted = EntityCounts::new();
        self.segments
            .lock()
            .unwrap()
            .retain(|(tenant, own, entity), segment| {
                let goes = *tenant == tenant_id && own == domain;
                if goes {
                    deleted.insert(entity.clone(), segment.records);
                }
                !goes
            });
        Ok(deleted)
    }

    async fn export(
        &self,
        domain: &str,
        tenant_id: Uuid,
        canonical: bool,
    ) -> Result<String, SessionError> {
        self.session_of_tenant(tenant_id).await?;
        Ok(format!(r#"{{"of":"{domain}","canonical":{canonical}}}"#))
    }

    async fn gauges(&self) -> Gauges {
        Gauges::default()
    }

    async fn ready(&self) -> Result<(), SessionError> {
        match self.trouble()? {
            Trouble::Required => Err(SessionError::Host {
                reason: "no plugin serves `shelving`".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    fn policy(&self) -> SessionPolicy {
        POLICY
    }

    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap()
    }

    fn accounts(&self) -> Vec<&Account> {
        self.accounts.iter().collect()
    }

    fn account(&self, slug: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.slug == slug)
    }

    fn domains(&self) -> &[Domain] {
        &self.domains
    }

    fn triggers(&self) -> &[Trigger] {
        &self.triggers
    }

    fn product(&self, phase: Phase) -> Option<&EntityRef> {
        let mut triggers = self.triggers.iter();
        let trigger = triggers.find(|trigger| trigger.phase == phase)?;
        Some(&trigger.writes)
    }

    fn schema(&self, entity: &EntityRef) -> Option<&Value> {
        let mut schemas = self.schemas.iter();
        let (_, schema) = schemas.find(|(known, _)| known == entity)?;
        Some(schema)
    }

    fn fields(&self, _: &str, entity: &str) -> Vec<&str> {
        let mut schemas = self.schemas.iter();
        if let Some((_, schema)) = schemas.find(|(known, _)| known.entity == entity) {
            let fields = schema["properties"].as_object().unwrap().keys();
            return fields.map(String::as_str).collect();
        }
        match entity {
            "book" => vec!["id", "tenant_id", "title", "shelf", "lent"],
            _ => vec!["id", "tenant_id"],
        }
    }
}
