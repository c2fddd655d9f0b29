//! Creation: a row first, then the clone, then everything at once.

use chrono::{DateTime, SubsecRound as _, Utc};
use uuid::Uuid;

use super::clone::Job;
use super::{SessionError, Sessions};
use crate::catalog::{Account, TenantScope};
use crate::repo::{ServiceRow, SessionRow, SessionStatus, TenantRow};

/// What a session is asked to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The account's slug.
    pub account: String,
    /// The data clock; now where it is not given.
    pub session_created_at: Option<DateTime<Utc>>,
    /// The virtual tenant; a new one where it is not given.
    pub virtual_tenant_id: Option<Uuid>,
}

/// A session that was created, or is being created.
#[derive(Debug, Clone)]
pub struct Created {
    /// The session.
    pub session: SessionRow,
}

impl Sessions {
    /// Creates a session and waits for it to be READY or PARTIAL.
    ///
    /// The work goes on when the caller goes away: the session is then found by its id.
    ///
    /// # Errors
    /// [`SessionError::CloneFailed`] where a required domain failed; [`SessionError::UnknownAccount`];
    /// [`SessionError::Conflict`] where the tenant's id is taken; [`SessionError::Store`].
    pub async fn create(&self, new: NewSession) -> Result<Created, SessionError> {
        let (_, ended) = self.start(new).await?;
        let session = ended.await.map_err(|lost| SessionError::Host {
            reason: format!("the clone was lost: {lost}"),
        })??;
        match session.status {
            SessionStatus::Failed => Err(SessionError::CloneFailed {
                session: Box::new(session),
            }),
            _ => Ok(Created { session }),
        }
    }

    /// Begins a session and returns while it is CLONING.
    ///
    /// # Errors
    /// As [`Sessions::create`], but for what happens while cloning.
    pub async fn begin(&self, new: NewSession) -> Result<Created, SessionError> {
        let (session, _) = self.start(new).await?;
        Ok(Created { session })
    }

    async fn start(
        &self,
        new: NewSession,
    ) -> Result<
        (
            SessionRow,
            tokio::task::JoinHandle<Result<SessionRow, SessionError>>,
        ),
        SessionError,
    > {
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
        let row = self.row(account, &new)?;
        let sessions = self.clone();
        self.tracked(async move {
            sessions.inner.parts.repo.insert_session(&row).await?;
            let progress = sessions
                .inner
                .under_way
                .begin(&row.session_id, row.tenants.clone());
            let job = Job {
                sessions: sessions.clone(),
                row: row.clone(),
                progress,
            };
            let ended = sessions.inner.tasks.spawn(job.run());
            Ok((row, ended))
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

    fn row(&self, account: &Account, new: &NewSession) -> Result<SessionRow, SessionError> {
        let parts = &self.inner.parts;
        let now = parts.clock.now();
        let session_id = parts
            .ids
            .session_id()
            .map_err(|reason| SessionError::Host { reason })?;
        let services = parts
            .catalog
            .domains()
            .iter()
            .filter(|domain| account.slices.contains_key(&domain.slug))
            .map(|domain| ServiceRow::pending(&domain.slug))
            .collect();
        Ok(SessionRow {
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
            tenants: vec![TenantRow {
                tenant_id: new
                    .virtual_tenant_id
                    .unwrap_or_else(|| parts.ids.tenant_id()),
                base_tenant_id: account.base_tenant_id,
                outlet: None,
                name: account.name.clone(),
                services,
            }],
        })
    }
}

/// The scope of one tenant of a session: what its records are checked against.
pub(super) fn scope(session: &SessionRow, tenant: &TenantRow) -> TenantScope {
    let parent_tenant_id = tenant
        .outlet
        .as_ref()
        .and_then(|_| session.root())
        .map(|root| root.tenant_id);
    TenantScope {
        account: session.account.clone(),
        tenant_id: tenant.tenant_id,
        base_tenant_id: tenant.base_tenant_id,
        outlet: tenant.outlet.clone(),
        parent_tenant_id,
        session_created_at: session.session_created_at,
    }
}
