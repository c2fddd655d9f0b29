//! Owns the life of a session: create, read, repair, destroy. Every change of status is decided
//! here.
//!
//! Never: SQL, HTTP, or types of wasmtime.

mod clone;
mod create;
mod destroy;
mod domain;
mod error;
mod id;
mod outcome;
mod progress;
mod read;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;

pub use create::{Created, NewSession};
pub use destroy::Destroyed;
pub use domain::CloneDomain;
pub use error::SessionError;
pub use id::{IdSource, RandomIds, redacted};

use crate::catalog::Catalog;
use crate::clock::SharedClock;
use crate::config::SandboxLimits;
use crate::plugins::Registry;
use crate::repo::Repo;
use crate::sandbox::Sandbox;

/// What sessions are governed by.
#[derive(Debug, Clone, Copy)]
pub struct SessionPolicy {
    /// How long a session lives.
    pub duration: Duration,
    /// How often it can be extended.
    pub max_extensions: u32,
}

/// The rooms that sessions are made with.
pub struct SessionParts {
    /// Accounts, domains, fixtures and rules.
    pub catalog: Arc<Catalog>,
    /// Which component serves each domain.
    pub plugins: Arc<Registry>,
    /// Where components run.
    pub sandbox: Sandbox,
    /// What a call may use where the catalog says nothing else.
    pub limits: SandboxLimits,
    /// Where sessions are kept.
    pub repo: Arc<dyn Repo>,
    /// The real clock.
    pub clock: SharedClock,
    /// Where names come from.
    pub ids: Arc<dyn IdSource>,
    /// Duration and extensions.
    pub policy: SessionPolicy,
}

/// The state machine of sessions. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
}

struct Inner {
    parts: SessionParts,
    under_way: progress::UnderWay,
    tasks: TaskTracker,
}

impl Sessions {
    /// Sessions made of these parts.
    #[must_use]
    pub fn new(parts: SessionParts) -> Self {
        Self {
            inner: Arc::new(Inner {
                parts,
                under_way: progress::UnderWay::default(),
                tasks: TaskTracker::new(),
            }),
        }
    }

    /// What can be demonstrated, and by which rules.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.inner.parts.catalog
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

    /// Takes no new work and waits until what is under way has ended.
    pub async fn stop(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }
}
