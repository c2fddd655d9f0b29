//! A store of either kind, and sessions over it, made as visitors make theirs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use levain::app::{self, Workings};
use levain::clock::SystemClock;
use levain::config::Sources;
use levain::plugins::Versions;
use levain::sessions::{NewSession, Sessions};
use tempfile::TempDir;

use super::hosting::Hosting;
use super::server::Schema;

/// A store, and sessions over it.
pub struct Place {
    pub sessions: Sessions,
    pub repo: Arc<dyn levain_store::Repo>,
    _data: TempDir,
    _schema: Option<Schema>,
}

/// Which kind of store.
#[derive(Clone, Copy)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Place {
    /// An empty store of a kind; `None` where no server answers.
    pub async fn make(hosting: &Hosting, kind: Kind) -> Option<Self> {
        let data = TempDir::new().unwrap();
        let schema = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(Schema::make().await?),
        };
        let mut sources = Sources::default()
            .with_flag("data_dir", data.path().to_str().unwrap())
            // Nobody's time is over before the end.
            .with_flag("session_duration_minutes", "1440");
        if let Some(schema) = &schema {
            sources = sources.with_flag("database_url", &schema.url);
        }
        let config = sources.resolve().unwrap();
        let views = app::views(&hosting.catalog);
        let claim = app::claim(&hosting.catalog, &views, false);
        let repo = levain_store::open(&config.store(), &claim, config.store_options())
            .await
            .unwrap();
        let sessions = Sessions::new(
            app::session_parts(
                &config,
                Workings {
                    catalog: Arc::clone(&hosting.catalog),
                    plugins: Arc::new(Versions::given(Arc::clone(&hosting.plugins))),
                    sandbox: hosting.sandbox.clone(),
                    limits: hosting.limits,
                    repo: Arc::clone(&repo),
                    clock: Arc::new(SystemClock),
                },
            )
            .unwrap(),
        );
        Some(Self {
            sessions,
            repo,
            _data: data,
            _schema: schema,
        })
    }

    /// One session more, created and timed, then destroyed: the crowd stays as large as it is.
    pub async fn session(&self, account: &str) -> Duration {
        let started = Instant::now();
        let created = self.sessions.create(new_session(account)).await.unwrap();
        let took = started.elapsed();
        let session_id = &created.session.session_id;
        self.sessions.destroy(session_id).await.unwrap();
        took
    }
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// A session of an account, told from now.
pub fn new_session(account: &str) -> NewSession {
    NewSession {
        account: account.to_owned(),
        session_created_at: None,
        virtual_tenant_id: None,
        key: None,
    }
}
