//! A town's library instead of the sessions: one account, two domains, no plugin and no store,
//! and a way to make each thing go wrong.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where it fails"
)]

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use pasetors::keys::{AsymmetricKeyPair, Generate as _};
use pasetors::version4::V4;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

use super::{HttpState, InternalKey, SessionApi, Tokens, router};
use crate::catalog::{Account, Domain, FixtureSlice, LimitOverrides, Location, Outlet, Owner};
use crate::repo::{
    RepoError, ServiceError, ServiceRow, ServiceStatus, SessionRow, SessionStatus, TenantRow,
};
use crate::segment::{EntityCounts, StoredSegment, sha256_hex};
use crate::sessions::{CloneDomain, Created, Destroyed, NewSession, SessionError, SessionPolicy};

/// The internal key.
pub(super) const KEY: &str = "the key of the reading room";

/// The largest body.
pub(super) const MAX_BODY_BYTES: usize = 4096;

pub(super) const POLICY: SessionPolicy = SessionPolicy {
    duration: Duration::from_secs(30 * 60),
    max_extensions: 3,
};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Trouble {
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
pub(super) struct Library {
    accounts: Vec<Account>,
    domains: Vec<Domain>,
    pub(super) sessions: Mutex<BTreeMap<String, SessionRow>>,
    pub(super) segments: Mutex<HashMap<(Uuid, String, String), StoredSegment>>,
    pub(super) trouble: Mutex<Trouble>,
    pub(super) now: Mutex<DateTime<Utc>>,
}

fn base() -> DateTime<Utc> {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

fn branch() -> Uuid {
    Uuid::from_u128(0xb)
}

fn kiosk() -> Uuid {
    Uuid::from_u128(0xc)
}

fn service(domain: &str, records: &[(&str, u32)]) -> ServiceRow {
    ServiceRow {
        status: ServiceStatus::Completed,
        records: records
            .iter()
            .map(|(entity, n)| ((*entity).to_owned(), *n))
            .collect(),
        duration_ms: Some(1.5),
        plugin_digest: Some("p".repeat(64)),
        fixture_digest: Some("f".repeat(64)),
        content_digest: Some("c".repeat(64)),
        ..ServiceRow::pending(domain)
    }
}

fn tenant(tenant_id: Uuid, base_tenant_id: Uuid, outlet: Option<&str>) -> TenantRow {
    TenantRow {
        tenant_id,
        base_tenant_id,
        outlet: outlet.map(str::to_owned),
        name: outlet.unwrap_or("Town Library").to_owned(),
        services: vec![
            service("shelving", &[("book", 5), ("shelf", 2)]),
            service("lending", &[("loan", 0)]),
        ],
    }
}

/// A READY session of the library.
pub(super) fn session(session_id: &str) -> SessionRow {
    let own = Uuid::new_v5(&Uuid::NAMESPACE_OID, session_id.as_bytes());
    SessionRow {
        session_id: session_id.to_owned(),
        account: "library".to_owned(),
        catalog_digest: "d".repeat(64),
        status: SessionStatus::Ready,
        session_created_at: base(),
        created_at: base(),
        expires_at: base() + TimeDelta::minutes(30),
        cloning_completed_at: Some(base() + TimeDelta::milliseconds(40)),
        duration_ms: Some(40.0),
        destroyed_at: None,
        extensions: 0,
        error: None,
        tenants: vec![
            tenant(own, branch(), None),
            tenant(Uuid::new_v5(&own, b"kiosk"), kiosk(), Some("kiosk")),
        ],
    }
}

pub(super) fn failure() -> ServiceError {
    ServiceError {
        code: "timeout".to_owned(),
        message: "it took more than 10 s".to_owned(),
        faults: Vec::new(),
        fault_count: 0,
    }
}

fn domain(slug: &str, required: bool, entities: &[&str]) -> Domain {
    Domain {
        slug: slug.to_owned(),
        title: slug.to_owned(),
        plugin: slug.to_owned(),
        required,
        timeout: Duration::from_secs(10),
        entities: entities.iter().map(|entity| (*entity).to_owned()).collect(),
        limits: LimitOverrides::default(),
    }
}

fn account() -> Account {
    let slice = Arc::new(FixtureSlice {
        segments: Vec::new(),
        records: 0,
        digest: String::new(),
    });
    let slices = ["shelving", "lending"].map(|slug| (slug.to_owned(), Arc::clone(&slice)));
    Account {
        slug: "library".to_owned(),
        name: "Town Library".to_owned(),
        email: "desk@library.example".to_owned(),
        subdomain: "library".to_owned(),
        base_tenant_id: branch(),
        subscription_tier: "town".to_owned(),
        tenant_type: "branch".to_owned(),
        owner: Owner {
            user_id: Uuid::from_u128(1),
            name: "Ada Reader".to_owned(),
            email: "ada@library.example".to_owned(),
            role: "librarian".to_owned(),
        },
        outlets: vec![Outlet {
            slug: "kiosk".to_owned(),
            name: "Kiosk".to_owned(),
            base_tenant_id: kiosk(),
            location: Location {
                city: "Town".to_owned(),
                zone: "Station".to_owned(),
                latitude: 40.5,
                longitude: -3.5,
            },
            slices: BTreeMap::new(),
        }],
        slices: BTreeMap::from(slices),
    }
}

fn stored(
    tenant_id: Uuid,
    domain: &str,
    entity: &str,
    rows: &Value,
) -> ((Uuid, String, String), StoredSegment) {
    let text = rows.to_string();
    let segment = StoredSegment {
        tenant_id,
        domain: domain.to_owned(),
        entity: entity.to_owned(),
        records: u32::try_from(rows.as_array().unwrap().len()).unwrap(),
        digest: sha256_hex(text.as_bytes()),
        rows: text,
    };
    ((tenant_id, domain.to_owned(), entity.to_owned()), segment)
}

/// The id of a tenant's nth book.
pub(super) fn book(tenant_id: Uuid, n: u128) -> Uuid {
    Uuid::from_u128(tenant_id.as_u128() ^ (n << 96))
}

impl Library {
    fn new() -> Self {
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
    pub(super) fn keep(&self, session: SessionRow) {
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

/// The router over a library, driven without a socket.
pub(super) struct Desk {
    pub(super) library: Arc<Library>,
    router: Router,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// Asserts a refusal of this status and code, and answers its body.
    #[track_caller]
    pub(super) fn refusal(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let body = self.json();
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status);
        assert_eq!(body["type"], format!("urn:levain:problem:{code}"));
        for name in ["title", "detail"] {
            assert!(!body[name].as_str().unwrap().is_empty(), "{body}");
        }
        for secret in ["SELECT", "/var/lib", "src/", ".rs"] {
            assert!(!self.text.contains(secret), "{body}");
        }
        body
    }
}

impl Desk {
    pub(super) fn new() -> Self {
        let library = Arc::new(Library::new());
        let pair = AsymmetricKeyPair::<V4>::generate().unwrap();
        let state = HttpState {
            sessions: Arc::clone(&library) as Arc<dyn SessionApi>,
            tokens: Arc::new(Tokens::new(pair.secret.as_bytes()).unwrap()),
            internal_key: InternalKey::new(KEY),
            max_body_bytes: MAX_BODY_BYTES,
        };
        Self {
            library,
            router: router(state),
        }
    }

    pub(super) fn in_trouble(self, trouble: Trouble) -> Self {
        *self.library.trouble.lock().unwrap() = trouble;
        self
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(super) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], "").await
    }

    pub(super) async fn internal(&self, method: &str, path: &str, body: &str) -> Answer {
        self.call(method, path, &[("x-internal-api-key", KEY)], body)
            .await
    }

    pub(super) async fn create(&self) -> Value {
        let answer = self
            .call(
                "POST",
                "/api/demo/sessions",
                &[],
                r#"{"demo_account_type":"library"}"#,
            )
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    }

    /// Reads data with a session's own token.
    pub(super) async fn read(&self, session: &Value, token_of: &Value, rest: &str) -> Answer {
        let id = session["session_id"].as_str().unwrap();
        let token = token_of["credentials"]["access_token"].as_str().unwrap();
        let bearer = format!("Bearer {token}");
        self.call(
            "GET",
            &format!("/api/demo/sessions/{id}/data/{rest}"),
            &[("authorization", &bearer)],
            "",
        )
        .await
    }
}
