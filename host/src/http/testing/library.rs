//! The library as the sessions: kept in memory, and a way to make each thing go wrong.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::town::{POLICY, account, base, book, domain, failure, session, stored};
use crate::catalog::{Account, Domain};
use crate::http::SessionApi;
use crate::repo::{RepoError, ServiceRow, ServiceStatus, SessionRow, SessionStatus, TenantRow};
use crate::segment::{EntityCounts, StoredSegment};
use crate::sessions::{CloneDomain, Created, Destroyed, NewSession, SessionError, SessionPolicy};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::http) enum Trouble {
    #[default]
    Nothing,
    /// A required domain is not cloned.
    Required,
    /// Another domain is not cloned.
    Optional,
    /// The store cannot be reached.
    Store,
    /// The store fails in its own words.
    Secret,
    /// A handler panics.
    Panic,
    /// The host stops.
    Stopping,
}

/// The sessions of the library.
pub(in crate::http) struct Library {
    accounts: Vec<Account>,
    domains: Vec<Domain>,
    pub(in crate::http) sessions: Mutex<BTreeMap<String, SessionRow>>,
    pub(in crate::http) segments: Mutex<HashMap<(Uuid, String, String), StoredSegment>>,
    pub(in crate::http) trouble: Mutex<Trouble>,
    pub(in crate::http) now: Mutex<DateTime<Utc>>,
}

impl Library {
    pub(super) fn new() -> Self {
        Self {
            accounts: vec![account()],
            domains: vec![
                domain("shelving", true, &["book", "shelf"]),
                domain("lending", false, &["loan"]),
            ],
            sessions: Mutex::default(),
            segments: Mutex::default(),
            trouble: Mutex::default(),
            now: Mutex::new(base()),
        }
    }

    /// Keeps a session, with its books where it is open.
    pub(in crate::http) fn keep(&self, session: SessionRow) {
        for tenant in session.tenants.iter().filter(|_| session.status.is_open()) {
            let books: Vec<Value> = (0..5)
                .map(|n: u32| {
                    let id = book(tenant.tenant_id, n.into());
                    json!({ "id": id, "tenant_id": tenant.tenant_id, "title": format!("Volume {n}"), "shelf": n % 2, "lent": n == 3 })
                })
                .collect();
            let (key, segment) = stored(tenant.tenant_id, "shelving", "book", &json!(books));
            self.segments.lock().unwrap().insert(key, segment);
        }
        self.sessions
            .lock()
            .unwrap()
            .insert(session.session_id.clone(), session);
    }

    fn trouble(&self) -> Result<Trouble, SessionError> {
        match *self.trouble.lock().unwrap() {
            Trouble::Store => Err(SessionError::Store(RepoError::Unavailable(
                sqlx::Error::PoolTimedOut,
            ))),
            Trouble::Secret => Err(SessionError::Store(RepoError::Corrupt {
                what: "SELECT * FROM secrets",
                reason: "/var/lib/secret".to_owned(),
            })),
            Trouble::Stopping => Err(SessionError::Stopping),
            Trouble::Panic => panic!("SELECT 1 at /var/lib/secret"),
            other => Ok(other),
        }
    }

    fn row(&self, new: NewSession) -> Result<SessionRow, SessionError> {
        if new.account != "library" {
            return Err(SessionError::UnknownAccount {
                asked: new.account,
                known: vec!["library".to_owned()],
            });
        }
        let mut sessions = self.sessions.lock().unwrap();
        let mut row = session(&format!("demo_{:032x}", sessions.len() + 1));
        row.session_created_at = new.session_created_at.unwrap_or(row.session_created_at);
        if let Some(tenant_id) = new.virtual_tenant_id {
            let taken = sessions
                .values()
                .flat_map(|row| &row.tenants)
                .any(|tenant| tenant.tenant_id == tenant_id);
            if taken {
                return Err(SessionError::Conflict {
                    what: "virtual_tenant_id",
                });
            }
            row.tenants[0].tenant_id = tenant_id;
        }
        sessions.insert(row.session_id.clone(), row.clone());
        Ok(row)
    }

    fn known(&self, domain: &str, entity: &str) -> Result<(), SessionError> {
        let found = self
            .domains
            .iter()
            .find(|known| known.slug == domain)
            .ok_or_else(|| SessionError::UnknownDomain {
                asked: domain.to_owned(),
                known: self
                    .domains
                    .iter()
                    .map(|known| known.slug.clone())
                    .collect(),
            })?;
        if found.entities.iter().any(|known| known == entity) {
            return Ok(());
        }
        Err(SessionError::UnknownEntity {
            domain: domain.to_owned(),
            asked: entity.to_owned(),
            known: found.entities.clone(),
        })
    }
}

#[async_trait]
impl SessionApi for Library {
    async fn create(&self, new: NewSession) -> Result<Created, SessionError> {
        let trouble = self.trouble()?;
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
            tenant.services[failed] = ServiceRow {
                status: ServiceStatus::Failed,
                error: Some(failure()),
                ..ServiceRow::pending(&domain)
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
        let mut session = self.row(new)?;
        session.status = SessionStatus::Cloning;
        session.cloning_completed_at = None;
        session.tenants[0].services[1] = ServiceRow::pending("lending");
        self.keep(session.clone());
        Ok(Created { session })
    }

    async fn find(&self, session_id: &str) -> Result<SessionRow, SessionError> {
        self.trouble()?;
        let found = self.sessions.lock().unwrap().get(session_id).cloned();
        found.ok_or(SessionError::NotFound { what: "session" })
    }

    async fn list(&self, limit: u32) -> Result<Vec<SessionRow>, SessionError> {
        self.trouble()?;
        Ok(self
            .sessions
            .lock()
            .unwrap()
            .values()
            .rev()
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
        self.sessions
            .lock()
            .unwrap()
            .insert(session_id.to_owned(), session);
        Ok(Destroyed {
            session_id: session_id.to_owned(),
            status: SessionStatus::Destroyed,
            records_deleted,
            duration_ms: 2.0,
        })
    }

    async fn open_tenant(
        &self,
        session_id: &str,
        tenant_id: Option<Uuid>,
    ) -> Result<(SessionRow, TenantRow), SessionError> {
        let session = self.find(session_id).await?;
        match session.status {
            SessionStatus::Ready | SessionStatus::Partial => {}
            status @ (SessionStatus::Cloning | SessionStatus::Failed) => {
                return Err(SessionError::NotOpen { status });
            }
            status => return Err(SessionError::Gone { status }),
        }
        let mut tenants = session.tenants.iter();
        let tenant = tenants
            .find(|tenant| tenant_id.is_none_or(|id| id == tenant.tenant_id))
            .cloned();
        Ok((
            session,
            tenant.ok_or(SessionError::NotFound { what: "tenant" })?,
        ))
    }

    async fn segment(
        &self,
        tenant_id: Uuid,
        domain: &str,
        entity: &str,
    ) -> Result<Option<StoredSegment>, SessionError> {
        self.known(domain, entity)?;
        let key = (tenant_id, domain.to_owned(), entity.to_owned());
        Ok(self.segments.lock().unwrap().get(&key).cloned())
    }

    async fn session_of_tenant(&self, tenant_id: Uuid) -> Result<SessionRow, SessionError> {
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

    async fn clone_domain(&self, asked: CloneDomain) -> Result<ServiceRow, SessionError> {
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

    fn fields(&self, _: &str, entity: &str) -> Vec<&str> {
        match entity {
            "book" => vec!["id", "tenant_id", "title", "shelf", "lent"],
            _ => vec!["id", "tenant_id"],
        }
    }
}
