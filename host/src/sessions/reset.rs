//! Fresh data for an open session: a new creation under its names, swapped in at once.

use std::sync::Arc;
use std::time::Instant;

use chrono::SubsecRound as _;
use tracing::Instrument as _;

use super::clone::Job;
use super::duration::millis;
use super::progress::Progress;
use super::tenants::tenants;
use super::{SessionError, Sessions, read, redacted};
use crate::plugins::Registry;
use levain_model::{Session, SessionStatus};
use levain_store::Replaced;

impl Sessions {
    /// Clones an open session again, told from now, and swaps the new data in: its id, tenants,
    /// credentials and time stay. Until then, and where it fails, it is as it was.
    ///
    /// # Errors
    /// [`SessionError::NotFound`], [`SessionError::Gone`], [`SessionError::NotOpen`];
    /// [`SessionError::CloneFailed`] where a required domain failed; [`SessionError::Changed`] where
    /// somebody else changed it meanwhile; [`SessionError::Busy`], [`SessionError::Store`].
    pub async fn reset(&self, session_id: &str) -> Result<Session, SessionError> {
        if self.inner.tasks.is_closed() {
            return Err(SessionError::Stopping);
        }
        let sessions = self.clone();
        let session_id = session_id.to_owned();
        self.tracked(async move { sessions.renew(&session_id).await })
            .await
    }

    async fn renew(&self, session_id: &str) -> Result<Session, SessionError> {
        let parts = &self.inner.parts;
        // An unknown session is refused before the wait for a place.
        read::open(&self.find(session_id).await?)?;
        let _place = self.inner.admission.enter().await?;
        let _turn = self.inner.turns.take(session_id).await;
        let session = self.find(session_id).await?;
        read::open(&session)?;
        let started = Instant::now();
        let deadline = parts.repo.deadline(parts.policy.lease).await?;
        // A new creation: by what serves now.
        let plugins = parts.plugins.refresh().await?;
        let row = self.renewed(session, plugins.revision())?;
        let under_way = &self.inner.under_way;
        let progress = under_way.begin(session_id, row.tenants.clone(), parts.policy.lease);
        let span =
            tracing::info_span!("session", session = %redacted(session_id), account = %row.account);
        let made = self.clone_again(row, plugins, progress, started);
        let made = made.instrument(span).await;
        self.inner.under_way.end(session_id);
        let (row, segments) = made?;
        let all = Replaced::Everything;
        let receipt = self.seal_after(&row, all, &segments).await?;
        let kept = parts
            .repo
            .replace_data(&row, deadline, all, &segments, receipt.as_deref())
            .await?;
        if !kept {
            return Err(self.why_not_kept(session_id).await);
        }
        tracing::info!(
            session = %redacted(session_id),
            status = %row.status,
            duration_ms = millis(started.elapsed()),
            "session reset"
        );
        let session = self.find(session_id).await?;
        parts.mirror.keep(&session);
        Ok(session)
    }

    async fn clone_again(
        &self,
        row: Session,
        plugins: Arc<Registry>,
        progress: Arc<Progress>,
        started: Instant,
    ) -> Result<(Session, Vec<levain_model::StoredSegment>), SessionError> {
        let job = Job {
            sessions: self.clone(),
            row,
            plugins,
            progress,
        };
        let (row, segments) = job.make(started).await?;
        match row.status {
            SessionStatus::Failed => Err(SessionError::CloneFailed {
                session: Box::new(row),
            }),
            _ => Ok((row, segments)),
        }
    }

    /// The session as a creation of this moment would begin it, under the same names.
    fn renewed(&self, session: Session, plugin_revision: u32) -> Result<Session, SessionError> {
        let parts = &self.inner.parts;
        let account = parts.catalog.account(&session.account);
        let (Some(account), Some(root)) = (account, session.root()) else {
            return Err(SessionError::UnknownAccount {
                asked: session.account.clone(),
                known: Vec::new(),
            });
        };
        Ok(Session {
            tenants: tenants(&parts.catalog, account, root.tenant_id, parts.switches),
            catalog_digest: parts.catalog.digest().to_owned(),
            session_created_at: parts.clock.now().trunc_subsecs(6),
            cloning_completed_at: None,
            duration_ms: None,
            error: None,
            plugin_revision,
            ..session
        })
    }

    /// Why new data of a session was not committed.
    pub(super) async fn why_not_kept(&self, session_id: &str) -> SessionError {
        match self.find(session_id).await {
            Ok(session) => match read::open(&session) {
                Ok(()) => SessionError::Changed,
                Err(over) => over,
            },
            Err(error) => error,
        }
    }
}
