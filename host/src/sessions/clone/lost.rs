//! Sessions that come to nothing.

use levain_model::{DomainStatus, Session, SessionStatus};

use crate::sessions::{Sessions, trigger};

/// Records in a session's row that it FAILED. If the store does not take it, the row stays CLONING until recovery
/// fails it.
pub(in crate::sessions) async fn record_lost(sessions: &Sessions, mut row: Session, reason: &str) {
    tracing::warn!(reason, "the session is lost");
    row.status = SessionStatus::Failed;
    row.error = Some(reason.to_owned());
    discard(&mut row);
    if let Err(error) = sessions
        .inner
        .parts
        .repo
        .commit_session(&row, &[], None)
        .await
    {
        tracing::error!(%error, "a session's failure could not be recorded");
    }
}

/// Marks the domains and triggers of a session that FAILED: nothing of them is stored.
pub(super) fn discard(session: &mut Session) {
    let services = session
        .tenants
        .iter_mut()
        .flat_map(|tenant| &mut tenant.services);
    for service in services.filter(|service| service.status == DomainStatus::Completed) {
        service.status = DomainStatus::Discarded;
        service.records.clear();
        service.content_digest = None;
    }
    trigger::give_up(&mut session.tenants, "the session FAILED");
}
