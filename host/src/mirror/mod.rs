//! Owns the copy of the sessions' state that others read, in Redis.
//!
//! Never: a session's fate. The mirror being slow or gone costs a warning and a metric, and nothing
//! else: what is to be copied waits in a bounded backlog, and one task beside the sessions works it off.

mod backlog;
mod keys;
mod redis;
mod state;
mod worker;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use self::backlog::{Backlog, Change, What};
use crate::metrics::{self, Dispatch};
use levain_model::{Session, SessionStatus};

pub use self::redis::MirrorSettings;

/// Mirrors the state of sessions in the background. Cheap to clone. The default mirrors nothing.
#[derive(Clone, Default)]
pub struct Mirror {
    link: Option<Arc<Link>>,
}

struct Link {
    backlog: Arc<Backlog>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

impl Mirror {
    /// A mirror in a Redis, which need not be there yet. Within a runtime, where its worker runs.
    #[must_use]
    pub fn in_redis(settings: MirrorSettings) -> Self {
        let backlog = Arc::new(Backlog::default());
        let worker = tokio::spawn(worker::run(Arc::clone(&backlog), settings));
        Self {
            link: Some(Arc::new(Link {
                backlog,
                worker: Mutex::new(Some(worker)),
            })),
        }
    }

    /// Copies what a session is now.
    pub fn keep(&self, session: &Session) {
        use SessionStatus::{Destroyed, Destroying, Expired};
        // What is over goes; it is not copied.
        if matches!(session.status, Destroyed | Destroying | Expired) {
            return;
        }
        self.change(session, || What::Keep {
            state: state::json(session),
            expires_at: session.expires_at,
        });
    }

    /// Removes what was copied of a session, and all that others keep of its tenants.
    pub fn forget(&self, session: &Session) {
        self.change(session, || What::Forget {
            tenants: session.tenants.iter().map(|held| held.tenant_id).collect(),
        });
    }

    /// Changes that wait.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.link.as_ref().map_or(0, |link| link.backlog.len())
    }

    /// Copies what still waits, for `limit` at most, and ends.
    pub async fn close(&self, limit: Duration) {
        let Some(link) = &self.link else { return };
        link.backlog.close();
        let worker = link
            .worker
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(mut worker) = worker else { return };
        if tokio::time::timeout(limit, &mut worker).await.is_err() {
            worker.abort();
        }
        let left = link.backlog.len();
        if left > 0 {
            metrics::mirrored(Dispatch::Dropped, left);
            tracing::warn!(
                left,
                "Redis was not told of all that became of the sessions"
            );
        }
    }

    fn change(&self, session: &Session, what: impl FnOnce() -> What) {
        let Some(link) = &self.link else { return };
        let taken = link.backlog.push(Change {
            session_id: session.session_id.clone(),
            what: what(),
            since: Instant::now(),
        });
        if !taken {
            metrics::mirrored(Dispatch::Dropped, 1);
        }
    }
}
