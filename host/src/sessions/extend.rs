//! More time for an open session.

use super::{SessionError, Sessions, read, redacted};
use levain_model::Session;

impl Sessions {
    /// Gives an open session another full duration, as often as the policy allows.
    ///
    /// # Errors
    /// [`SessionError::NotFound`], [`SessionError::Gone`], [`SessionError::NotOpen`];
    /// [`SessionError::NoMoreExtensions`]; [`SessionError::Store`].
    pub async fn extend(&self, session_id: &str) -> Result<Session, SessionError> {
        let parts = &self.inner.parts;
        let policy = parts.policy;
        let extended = parts
            .repo
            .extend_session(
                session_id,
                parts.clock.now(),
                policy.duration,
                policy.max_extensions,
            )
            .await?;
        let session = self.find(session_id).await?;
        if extended {
            tracing::info!(session = %redacted(session_id), expires_at = %session.expires_at, "session extended");
            self.inner.parts.mirror.keep(&session);
            return Ok(session);
        }
        read::open(&session)?;
        Err(SessionError::NoMoreExtensions {
            most: policy.max_extensions,
        })
    }
}
