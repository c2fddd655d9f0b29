//! Owns the life of a session: create, read, extend, reset, repair, destroy, sweep, recover. Every
//! change of status is decided here.
//!
//! Never: SQL, HTTP, or types of wasmtime.

mod admission;
mod child;
mod clone;
mod create;
mod destroy;
mod domain;
mod duration;
mod error;
mod extend;
mod gauges;
mod guard;
mod id;
mod outcome;
mod progress;
mod read;
mod receipt;
mod rehearse;
mod reset;
mod stored;
mod sweep;
mod tenants;
mod trigger;
mod turns;
mod verify;
mod watch;

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

pub use admission::CloneBounds;
pub use child::CloneChild;
pub use create::{Created, NewSession, RequestKey};
pub use destroy::Destroyed;
pub use domain::CloneDomain;
pub use error::SessionError;
pub use guard::{BreakerPolicy, OpenCircuit};
pub use id::{IdSource, RandomIds, redacted};
pub use read::readable;
pub(crate) use rehearse::{Given, Rehearsed, SLACK, held, remarks_on, tenants};
pub use sweep::{SweepPolicy, Swept};
pub use trigger::{CallTrigger, Switches};
pub use verify::{Comparison, Verdict, Verification};
pub use watch::SessionWatch;

use crate::clock::SharedClock;
use crate::metrics;
use crate::mirror::Mirror;
use crate::notices::{self, Notices};
use crate::plugins::{Registry, Versions};
use crate::receipts::Seal;
use crate::sandbox::{Sandbox, SandboxLimits};
use levain_catalog::Catalog;
use levain_model::{Session, SessionCounts};
use levain_store::{Lease, Repo};

/// How long the mirror and the notices may take to send what waits, before a stop.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What sessions are governed by.
#[derive(Debug, Clone, Copy)]
pub struct SessionPolicy {
    /// How long a session lives.
    pub duration: Duration,
    /// How often it can be extended.
    pub max_extensions: u32,
    /// How long a clone may take: the session's lease.
    pub lease: Duration,
}

/// The rooms that sessions are made with.
pub struct SessionParts {
    /// Accounts, domains, fixtures and rules.
    pub catalog: Arc<Catalog>,
    /// Which component serves each domain, in every revision.
    pub plugins: Arc<Versions>,
    /// Where components run.
    pub sandbox: Sandbox,
    /// What a call may use where the catalog says nothing else.
    pub limits: SandboxLimits,
    /// Where sessions are kept.
    pub repo: Arc<dyn Repo>,
    /// The real clock.
    pub clock: SharedClock,
    /// What signs receipts.
    pub seal: Arc<Seal>,
    /// Where names come from.
    pub ids: Arc<dyn IdSource>,
    /// Duration and extensions.
    pub policy: SessionPolicy,
    /// Which triggers run when a session is created.
    pub switches: Switches,
    /// How many clones may be under way.
    pub bounds: CloneBounds,
    /// When calls of a version fail fast.
    pub breaker: BreakerPolicy,
    /// What the host does by itself.
    pub sweep: SweepPolicy,
    /// Notices to operators.
    pub notices: Notices,
    /// Where others can read which sessions there are.
    pub mirror: Mirror,
    /// The host's name among others on one store.
    pub owner: String,
}

impl SessionParts {
    /// A lease of this host.
    fn lease(&self) -> Lease {
        Lease {
            owner: self.owner.clone(),
            duration: self.policy.lease,
        }
    }
}

/// The state machine of sessions. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
}

/// Sessions that what they own can refer to.
pub(crate) struct WeakSessions(Weak<Inner>);

impl WeakSessions {
    pub(crate) fn upgrade(&self) -> Option<Sessions> {
        self.0.upgrade().map(|inner| Sessions { inner })
    }
}

/// Receives every visitor's session whose clone ended, before it is committed.
pub(crate) type ClonedObserver = Box<dyn Fn(&Session) + Send + Sync>;

struct Inner {
    parts: SessionParts,
    under_way: progress::UnderWay,
    turns: turns::Turns,
    admission: admission::Admission,
    guard: guard::Guard,
    observer: std::sync::OnceLock<ClonedObserver>,
    tasks: TaskTracker,
    /// The store's last counts, and when it gave them. Concurrent callers wait for one query.
    counted: tokio::sync::Mutex<Option<(Instant, Option<SessionCounts>)>>,
}

impl Sessions {
    /// Sessions with these parts.
    #[must_use]
    pub fn new(parts: SessionParts) -> Self {
        let accounts = parts.catalog.accounts();
        metrics::register_series(
            accounts.map(|account| account.slug.as_str()),
            &notices::KINDS,
        );
        Self {
            inner: Arc::new(Inner {
                admission: admission::Admission::new(parts.bounds),
                parts,
                guard: guard::Guard::default(),
                observer: std::sync::OnceLock::new(),
                under_way: progress::UnderWay::default(),
                turns: turns::Turns::default(),
                tasks: TaskTracker::new(),
                counted: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// What can be demonstrated, and by which rules.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.inner.parts.catalog
    }

    /// The components that a session is wholly of.
    async fn plugins_of(&self, session: &Session) -> Result<Arc<Registry>, SessionError> {
        let plugins = &self.inner.parts.plugins;
        Ok(plugins.at(session.plugin_revision).await?)
    }

    /// The rules for a session's duration.
    #[must_use]
    pub fn policy(&self) -> SessionPolicy {
        self.inner.parts.policy
    }

    /// The real time, on the clock that sessions go by.
    #[must_use]
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.inner.parts.clock.now()
    }

    /// Takes no new sessions from now on; what is under way goes on.
    pub fn close(&self) {
        self.inner.tasks.close();
    }

    /// Takes no new sessions and waits until what is under way has ended. What has not after
    /// `limit` is given up: its row says so when the host starts again.
    pub async fn stop(&self, limit: Duration) {
        self.close();
        if tokio::time::timeout(limit, self.inner.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(limit_s = limit.as_secs(), "what did not end was given up");
            self.inner.under_way.cancel_all();
        }
        let parts = &self.inner.parts;
        tokio::join!(
            parts.mirror.close(LAST_WORDS),
            parts.notices.close(LAST_WORDS)
        );
    }

    /// Does work that belongs to the host and not to the request that asked for it: it goes on
    /// when the caller goes away.
    pub(crate) async fn tracked<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, SessionError>> + Send + 'static,
    ) -> Result<T, SessionError> {
        let done = self.inner.tasks.spawn(work.in_current_span()).await;
        done.map_err(|lost| SessionError::Host {
            reason: format!("the work was lost: {lost}"),
        })?
    }
}
