//! A host with everything that it serves, and a raw table beside it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use levain::app::{self, Workings};
use levain::catalog::{Catalog, Domain};
use levain::clock::SystemClock;
use levain::config::{SandboxLimits, Sources};
use levain::plugins::{self, Registry, Versions};
use levain::repo;
use levain::sandbox::{Compiled, Limits, Sandbox, SandboxConfig};
use levain::sessions::{NewSession, Sessions};
use sqlx::SqlitePool;
use tempfile::TempDir;

/// Everything that both sides work with.
pub struct Host {
    pub workers: usize,
    pub catalog: Arc<Catalog>,
    pub sandbox: Sandbox,
    pub raw: SqlitePool,
    /// The data clock of every session here.
    pub instant: DateTime<Utc>,
    plugins: Arc<Registry>,
    limits: SandboxLimits,
    sessions: Sessions,
    _data: TempDir,
}

impl Host {
    pub async fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let target = std::env::current_exe()
            .unwrap()
            .ancestors()
            .nth(3)
            .unwrap()
            .to_owned();
        let catalog = Arc::new(Catalog::load(&root.join("fixtures/catalog.toml")).unwrap());
        let data = TempDir::new().unwrap();
        let config = Sources::default()
            .with_flag("data_dir", data.path().to_str().unwrap())
            .resolve()
            .unwrap();
        let workers = config.clone_workers;
        let sandbox = Sandbox::new(SandboxConfig::for_catalog(
            &catalog,
            &config.sandbox,
            workers,
        ))
        .unwrap();
        let plugins = Arc::new(plugins::load(
            &sandbox,
            &target.join("plugins"),
            &catalog,
            &config.sandbox,
        ));
        let views = app::views(&catalog);
        let claim = app::claim(&catalog, &views, false);
        let repo = repo::open(&config.store(), &claim, config.store_options())
            .await
            .unwrap();
        let sessions = Sessions::new(
            app::session_parts(
                &config,
                Workings {
                    catalog: Arc::clone(&catalog),
                    plugins: Arc::new(Versions::given(Arc::clone(&plugins))),
                    sandbox: sandbox.clone(),
                    limits: config.sandbox,
                    repo,
                    clock: Arc::new(SystemClock),
                },
            )
            .unwrap(),
        );
        Self {
            workers,
            raw: raw(&data.path().join("raw.db")).await,
            sandbox,
            plugins,
            limits: config.sandbox,
            sessions,
            instant: "2026-03-02T10:00:00Z".parse().unwrap(),
            catalog,
            _data: data,
        }
    }

    /// One session, created and timed, then destroyed.
    pub async fn session(&self, account: &str) -> Duration {
        let started = Instant::now();
        let created = self
            .sessions
            .create(NewSession {
                account: account.to_owned(),
                session_created_at: Some(self.instant),
                virtual_tenant_id: None,
                key: None,
            })
            .await
            .unwrap();
        let took = started.elapsed();
        let session = created.session;
        let failed = session
            .tenants
            .iter()
            .flat_map(|tenant| &tenant.triggers)
            .find(|row| row.error.is_some() || row.reason.is_some());
        assert!(failed.is_none(), "a trigger did not run: {failed:?}");
        self.sessions.destroy(&session.session_id).await.unwrap();
        took
    }

    pub fn domain(&self, slug: &str) -> &Domain {
        self.catalog.domain(slug).unwrap()
    }

    /// The component of a domain, and what it may use.
    pub fn component(&self, domain: &str) -> (&Compiled, Limits) {
        let limits = Limits::of(self.domain(domain), &self.catalog.limits(), &self.limits);
        (&self.plugins.active(domain).unwrap().component, limits)
    }
}

/// A table of segments and nothing else, with the store's own durability.
async fn raw(file: &Path) -> SqlitePool {
    use sqlx::sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
    };
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await
        .unwrap();
    sqlx::query(
        "CREATE TABLE segments (tenant_id TEXT, domain TEXT, entity TEXT, part TEXT, \
         records INTEGER, digest TEXT, rows TEXT, PRIMARY KEY (tenant_id, domain, entity, part))",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool
}
