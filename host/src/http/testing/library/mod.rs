//! The library as the sessions: kept in memory, and a way to make each thing go wrong.

mod answers;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use super::town::{
    account, base, board, book, domain, finding, notice, session, stored, triggered, triggers,
};
use crate::sessions::{NewSession, SessionError};
use levain_catalog::{Account, Domain, EntityRef, Trigger};
use levain_model::StoredSegment;
use levain_model::{Session, SessionStatus};
use levain_store::{KeyUse, RepoError};

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
    /// Too many clones are under way.
    Busy,
    /// Somebody else is at work on the same session.
    Changed,
}

/// The sessions of the library.
pub(in crate::http) struct Library {
    accounts: Vec<Account>,
    domains: Vec<Domain>,
    triggers: Vec<Trigger>,
    schemas: Vec<(EntityRef, Value)>,
    pub(in crate::http) sessions: Arc<Mutex<BTreeMap<String, Session>>>,
    pub(in crate::http) segments: Mutex<HashMap<(Uuid, String, String), StoredSegment>>,
    pub(in crate::http) trouble: Mutex<Trouble>,
    pub(in crate::http) now: Mutex<DateTime<Utc>>,
    keys: Mutex<HashMap<String, KeyUse>>,
    /// Held by whoever changes the plugins.
    pub(in crate::http) installing: Arc<tokio::sync::Mutex<()>>,
    changed: watch::Sender<()>,
}

impl Library {
    pub(super) fn new() -> Self {
        Self {
            accounts: vec![account()],
            domains: vec![
                domain("shelving", true, &["book", "shelf"]),
                domain("lending", false, &["loan"]),
                triggered("notices", &["notice"]),
                triggered("findings", &["finding"]),
                triggered("board", &["figure"]),
            ],
            triggers: triggers(),
            schemas: vec![notice(), finding(), board()],
            sessions: Arc::default(),
            segments: Mutex::default(),
            trouble: Mutex::default(),
            now: Mutex::new(base()),
            keys: Mutex::default(),
            installing: Arc::default(),
            changed: watch::Sender::new(()),
        }
    }

    /// Keeps a session, with its books where it is open.
    pub(in crate::http) fn keep(&self, session: Session) {
        for tenant in session.tenants.iter().filter(|_| session.status.is_open()) {
            let books: Vec<Value> = (0..5)
                .map(|n: u32| {
                    let id = book(tenant.tenant_id, n.into());
                    json!({ "id": id, "tenant_id": tenant.tenant_id, "title": format!("Volume {n}"), "shelf": n % 2, "lent": n == 3 })
                })
                .collect();
            let (key, segment) = stored(tenant.tenant_id, "shelving", "book", &json!(books));
            let mut segments = self.segments.lock().unwrap();
            segments.insert(key, segment);
            let outlet = tenant.outlet.as_deref();
            let notices: Vec<Value> = (0..3)
                .map(|n: u32| {
                    let (severity, status) = [("red", "open"), ("yellow", "open"), ("red", "resolved")][n as usize];
                    json!({
                        "id": book(tenant.tenant_id, u128::from(n) + 10), "tenant_id": tenant.tenant_id, "outlet": outlet,
                        "type": "overdue", "severity": severity, "status": status, "title": format!("Notice {n} of {}", tenant.name),
                    })
                })
                .collect();
            let findings =
                json!([{ "id": book(tenant.tenant_id, 20), "outlet": outlet, "type": "wear" }]);
            let figure = |scope: &str, value: u32| json!({ "tenant_id": tenant.tenant_id, "outlet": outlet, "kpi": "lent", "scope": scope, "value": value });
            let figures = match outlet {
                None => json!([figure("tenant", 3), figure("group", 4)]),
                Some(_) => json!([figure("tenant", 1)]),
            };
            for (domain, entity, rows) in [
                ("notices", "notice", json!(notices)),
                ("findings", "finding", findings),
                ("board", "figure", figures),
            ] {
                let (key, segment) = stored(tenant.tenant_id, domain, entity, &rows);
                segments.insert(key, segment);
            }
        }
        self.put(session);
    }

    fn put(&self, session: Session) {
        let mut sessions = self.sessions.lock().unwrap();
        sessions.insert(session.session_id.clone(), session);
        self.changed.send_replace(());
    }

    /// The session that the same request had made before.
    fn made_before(&self, new: &NewSession) -> Result<Option<Session>, SessionError> {
        let keys = self.keys.lock().unwrap();
        let Some((key, before)) = new
            .key
            .as_ref()
            .and_then(|key| Some((key, keys.get(&key.digest)?)))
        else {
            return Ok(None);
        };
        match key.request == before.request {
            true => Ok(self
                .sessions
                .lock()
                .unwrap()
                .get(&before.session_id)
                .cloned()),
            false => Err(SessionError::KeyReused),
        }
    }

    fn open(session: &Session) -> Result<(), SessionError> {
        match session.status {
            SessionStatus::Ready | SessionStatus::Partial => Ok(()),
            status @ (SessionStatus::Cloning | SessionStatus::Failed) => {
                Err(SessionError::NotOpen { status })
            }
            status => Err(SessionError::Gone { status }),
        }
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
            Trouble::Busy => Err(SessionError::Busy),
            Trouble::Panic => panic!("SELECT 1 at /var/lib/secret"),
            other => Ok(other),
        }
    }

    fn row(&self, new: NewSession) -> Result<Session, SessionError> {
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
        if let Some(key) = new.key {
            let made = KeyUse {
                session_id: row.session_id.clone(),
                request: key.request,
            };
            self.keys.lock().unwrap().insert(key.digest, made);
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
