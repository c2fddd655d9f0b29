//! Watching a session: its state whenever it has changed, until it is over.

use std::time::Duration;

use super::{SessionError, Sessions};
use levain_model::{Session, SessionStatus};

/// How often a row is read that another host may be changing.
const POLL: Duration = Duration::from_millis(500);

/// A look-out on one session.
pub struct SessionWatch {
    sessions: Sessions,
    session_id: String,
    last: Option<Session>,
}

impl Sessions {
    /// Watches a session.
    #[must_use]
    pub fn watch(&self, session_id: &str) -> SessionWatch {
        SessionWatch {
            sessions: self.clone(),
            session_id: session_id.to_owned(),
            last: None,
        }
    }

    /// Waits until a session is not CLONING any more, here or on another host.
    ///
    /// # Errors
    /// [`SessionError::NotFound`], [`SessionError::Store`].
    pub(super) async fn await_clone(&self, session_id: &str) -> Result<Session, SessionError> {
        let mut watch = self.watch(session_id);
        loop {
            match watch.next().await? {
                Some(session) if session.status == SessionStatus::Cloning => {}
                Some(session) => return Ok(session),
                None => return self.find(session_id).await,
            }
        }
    }
}

impl SessionWatch {
    /// The session as it is now, the first time; later, when it is not what it was. `None` once it is
    /// over, or the host stops.
    ///
    /// # Errors
    /// [`SessionError::NotFound`] where there is no such session, or no longer; [`SessionError::Store`].
    pub async fn next(&mut self) -> Result<Option<Session>, SessionError> {
        loop {
            if self.last.as_ref().is_some_and(is_over) {
                return Ok(None);
            }
            let inner = &self.sessions.inner;
            // Subscribed before the look: what changes in between is not missed.
            let changes = inner
                .under_way
                .find(&self.session_id)
                .map(|progress| progress.changes());
            let session = self.sessions.find(&self.session_id).await?;
            if self.last.as_ref() != Some(&session) {
                self.last = Some(session.clone());
                return Ok(Some(session));
            }
            if inner.tasks.is_closed() && changes.is_none() {
                return Ok(None);
            }
            match changes {
                Some(mut changes) => {
                    // An error says that the clone has ended, which is a change too.
                    let _ = tokio::time::timeout(POLL, changes.changed()).await;
                }
                None => tokio::time::sleep(POLL).await,
            }
        }
    }
}

/// Nothing more becomes of it.
fn is_over(session: &Session) -> bool {
    matches!(
        session.status,
        SessionStatus::Failed | SessionStatus::Destroyed
    )
}
