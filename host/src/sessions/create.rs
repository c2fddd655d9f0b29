//! Creation: a row first, then the clone, then everything at once.

use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use uuid::Uuid;

use super::clone::{Job, record_lost};
use super::tenants::tenants;
use super::{SessionError, Sessions};
use crate::metrics;

use levain_model::{Session, SessionStatus};
use levain_store::{IdempotencyKey, Inserted};

/// What a session is asked to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The account's slug.
    pub account: String,
    /// The data clock; now where it is not given.
    pub session_created_at: Option<DateTime<Utc>>,
    /// The virtual tenant; a new one where it is not given.
    pub virtual_tenant_id: Option<Uuid>,
    /// What makes the same request, sent again, the same session.
    pub key: Option<RequestKey>,
}

/// A caller's name for a request that is to be done once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// SHA-256 of the caller's key, in hexadecimal.
    pub digest: String,
    /// SHA-256 of what is asked for, in hexadecimal.
    pub request: String,
}

/// How long a key is kept.
const KEY_LIFE: TimeDelta = TimeDelta::hours(24);

/// A session that was created, or is being created.
#[derive(Debug, Clone)]
pub struct Created {
    /// The session.
    pub session: Session,
}

/// What became of the wish for a session.
enum Started {
    /// It is being created.
    New {
        session: Box<Session>,
        ended: tokio::task::JoinHandle<Result<Session, SessionError>>,
    },
    /// The same request had made one before.
    Before { session_id: String },
}

impl Sessions {
    /// Creates a session and waits for it to be READY or PARTIAL.
    ///
    /// The work goes on when the caller goes away: the session is then found by its id.
    ///
    /// # Errors
    /// [`SessionError::CloneFailed`] where a required domain failed; [`SessionError::UnknownAccount`];
    /// [`SessionError::Conflict`] where the tenant's id is taken; [`SessionError::KeyReused`] where its
    /// key stands for another request; [`SessionError::Gone`] where its key stands for a session that is
    /// over; [`SessionError::Busy`]; [`SessionError::Store`].
    pub async fn create(&self, new: NewSession) -> Result<Created, SessionError> {
        let session = match self.start(new).await? {
            Started::New { ended, .. } => ended.await.map_err(|lost| SessionError::Host {
                reason: format!("the clone was lost: {lost}"),
            })??,
            Started::Before { session_id } => self.await_clone(&session_id).await?,
        };
        match session.status {
            SessionStatus::Failed => Err(SessionError::CloneFailed {
                session: Box::new(session),
            }),
            status @ (SessionStatus::Expired
            | SessionStatus::Destroying
            | SessionStatus::Destroyed) => Err(SessionError::Gone { status }),
            _ => Ok(Created { session }),
        }
    }

    /// Begins a session and returns while it is CLONING.
    ///
    /// # Errors
    /// As [`Sessions::create`], except failures of the clone itself.
    pub async fn begin(&self, new: NewSession) -> Result<Created, SessionError> {
        let session = match self.start(new).await? {
            Started::New { session, .. } => *session,
            Started::Before { session_id } => self.find(&session_id).await?,
        };
        match session.status {
            status @ (SessionStatus::Expired
            | SessionStatus::Destroying
            | SessionStatus::Destroyed) => Err(SessionError::Gone { status }),
            _ => Ok(Created { session }),
        }
    }

    async fn start(&self, new: NewSession) -> Result<Started, SessionError> {
        if self.inner.tasks.is_closed() {
            return Err(SessionError::Stopping);
        }
        let parts = &self.inner.parts;
        let account =
            parts
                .catalog
                .account(&new.account)
                .ok_or_else(|| SessionError::UnknownAccount {
                    asked: new.account.clone(),
                    known: parts
                        .catalog
                        .accounts()
                        .map(|account| account.slug.clone())
                        .collect(),
                })?;
        if new
            .virtual_tenant_id
            .is_some_and(|id| self.is_base_tenant(id))
        {
            return Err(SessionError::Conflict {
                what: "virtual_tenant_id",
            });
        }
        let account = account.slug.clone();
        let asked = Instant::now();
        let place = self.inner.admission.enter().await?;
        let sessions = self.clone();
        self.tracked(async move {
            // After the wait for a place: the session's time begins with its clone.
            let mut row = sessions.row(&account, &new)?;
            let parts = &sessions.inner.parts;
            let key = new.key.as_ref().map(|key| IdempotencyKey {
                digest: key.digest.clone(),
                request: key.request.clone(),
                expires_at: row.created_at + KEY_LIFE,
            });
            let lease = parts.lease();
            let inserted = parts.repo.insert_session(&row, &lease, key.as_ref());
            match inserted.await? {
                Inserted::Before(before) => {
                    let same = key.is_some_and(|key| key.request == before.request);
                    return match same {
                        true => Ok(Started::Before {
                            session_id: before.session_id,
                        }),
                        false => Err(SessionError::KeyReused),
                    };
                }
                Inserted::New { plugin_revision } => row.plugin_revision = plugin_revision,
            }
            let plugins = match sessions.plugins_of(&row).await {
                Ok(plugins) => plugins,
                Err(error) => {
                    record_lost(&sessions, row, &error.to_string()).await;
                    return Err(error);
                }
            };
            let progress = sessions.inner.under_way.begin(
                &row.session_id,
                row.tenants.clone(),
                parts.policy.lease,
            );
            let job = Job {
                sessions: sessions.clone(),
                row: row.clone(),
                plugins,
                progress,
            };
            // Made here, where the request's own span is the current one.
            let span = job.span();
            let ended = sessions.inner.tasks.spawn(async move {
                let ended = job.run(span).await;
                drop(place);
                count(&account, &ended, asked.elapsed());
                ended
            });
            Ok(Started::New {
                session: Box::new(row),
                ended,
            })
        })
        .await
    }

    /// Whether fixtures are written for this tenant: a clone that bore their own name could not be
    /// told from them.
    fn is_base_tenant(&self, id: Uuid) -> bool {
        self.inner.parts.catalog.accounts().any(|account| {
            account.base_tenant_id == id
                || account
                    .outlets
                    .iter()
                    .any(|outlet| outlet.base_tenant_id == id)
        })
    }

    fn row(&self, account: &str, new: &NewSession) -> Result<Session, SessionError> {
        let parts = &self.inner.parts;
        let account =
            parts
                .catalog
                .account(account)
                .ok_or_else(|| SessionError::UnknownAccount {
                    asked: account.to_owned(),
                    known: Vec::new(),
                })?;
        let now = parts.clock.now();
        let session_id = parts
            .ids
            .session_id()
            .map_err(|reason| SessionError::Host { reason })?;
        let tenant_id = new
            .virtual_tenant_id
            .unwrap_or_else(|| parts.ids.tenant_id());
        Ok(Session {
            session_id,
            account: account.slug.clone(),
            catalog_digest: parts.catalog.digest().to_owned(),
            status: SessionStatus::Cloning,
            session_created_at: new.session_created_at.unwrap_or(now).trunc_subsecs(6),
            created_at: now,
            expires_at: now + parts.policy.duration,
            cloning_completed_at: None,
            duration_ms: None,
            destroyed_at: None,
            extensions: 0,
            error: None,
            epoch: 1,
            plugin_revision: 0,
            tenants: tenants(&parts.catalog, account, tenant_id, parts.switches),
        })
    }
}

/// Reports how a creation ended.
fn count(account: &str, ended: &Result<Session, SessionError>, took: Duration) {
    let (status, took) = match ended {
        Ok(session) => (
            session.status.as_str(),
            session.status.is_open().then_some(took),
        ),
        Err(SessionError::Cancelled) => ("CANCELLED", None),
        Err(_) => (SessionStatus::Failed.as_str(), None),
    };
    metrics::session_created(account, status, took);
}
