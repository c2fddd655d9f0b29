//! A host, and beside it the same domains as native code.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use levain::app;
use levain::catalog::{Catalog, Domain, TenantScope};
use levain::clock::SystemClock;
use levain::config::Sources;
use levain::plugins::{self, Registry};
use levain::repo::SqliteRepo;
use levain::sandbox::{CallContext, Limits, Sandbox, SandboxConfig};
use levain::segment;
use levain::sessions::{NewSession, RandomIds, SessionParts, SessionPolicy, Sessions};
use levain_plugin::SessionContext;
use sqlx::SqlitePool;
use tempfile::TempDir;
use uuid::Uuid;

use super::natives::{self, Native, Prepared};

/// Everything that both sides work with.
pub struct Setting {
    pub account: String,
    pub workers: usize,
    pub natives: Vec<Native>,
    pub prepared: Vec<Arc<Prepared>>,
    pub catalog: Arc<Catalog>,
    pub sandbox: Sandbox,
    pub raw: SqlitePool,
    plugins: Arc<Registry>,
    limits: levain::config::SandboxLimits,
    sessions: Sessions,
    instant: DateTime<Utc>,
    _data: TempDir,
}

impl Setting {
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
        let registry = Arc::new(plugins::load(
            &sandbox,
            &target.join("plugins"),
            catalog.domains(),
            32 << 20,
        ));
        let repo = SqliteRepo::open(&config.database_file(), &app::views(&catalog))
            .await
            .unwrap();
        let sessions = Sessions::new(SessionParts {
            catalog: Arc::clone(&catalog),
            plugins: Arc::clone(&registry),
            sandbox: sandbox.clone(),
            limits: config.sandbox,
            repo: Arc::new(repo),
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            policy: SessionPolicy {
                duration: Duration::from_secs(1800),
                max_extensions: 3,
            },
        });
        let account = catalog.accounts().next().unwrap();
        let natives: Vec<Native> = natives::all()
            .into_iter()
            .map(|(domain, prepare)| {
                let fixture = Arc::clone(&account.slices[domain]);
                Native {
                    domain,
                    slice: told(&fixture.segments),
                    fixture,
                    prepare,
                }
            })
            .collect();
        let prepared = natives
            .iter()
            .map(|native| Arc::new((native.prepare)(&native.slice)))
            .collect();
        Self {
            account: account.slug.clone(),
            workers,
            natives,
            prepared,
            raw: raw(&data.path().join("raw.db")).await,
            sandbox,
            plugins: registry,
            limits: config.sandbox,
            sessions,
            instant: "2026-03-02T10:00:00Z".parse().unwrap(),
            catalog,
            _data: data,
        }
    }

    /// How many records the fixtures have.
    pub fn records(&self) -> usize {
        self.natives
            .iter()
            .map(|native| native.fixture.records)
            .sum()
    }

    /// One session, created and timed, then destroyed.
    pub async fn session(&self) -> Duration {
        let started = Instant::now();
        let created = self
            .sessions
            .create(NewSession {
                account: self.account.clone(),
                session_created_at: Some(self.instant),
                virtual_tenant_id: None,
            })
            .await
            .unwrap();
        let took = started.elapsed();
        self.sessions
            .destroy(&created.session.session_id)
            .await
            .unwrap();
        took
    }

    /// One domain, prepared and cloned in the sandbox.
    pub fn clone_in_sandbox(&self, native: &Native) -> usize {
        let domain = self.domain(native.domain);
        let limits = Limits::of(domain, &self.catalog.limits(), &self.limits);
        let component = &self.plugins.active(native.domain).unwrap().component;
        let scope = self.scope();
        let context = CallContext {
            domain: native.domain.into(),
            session_id: "demo_bench".into(),
            account: self.account.clone(),
            base_tenant_id: scope.base_tenant_id,
            tenant_id: scope.tenant_id,
            parent_tenant_id: None,
            outlet: None,
            session_created_at: self.instant,
            base_reference: self.catalog.base_reference(),
        };
        let (segments, _) = self
            .sandbox
            .clone_tenant(component, &native.fixture.segments, &context, &limits)
            .unwrap();
        segments.len()
    }

    /// A new tenant, as a plugin is told of it.
    pub fn context(&self) -> SessionContext {
        let scope = self.scope();
        SessionContext {
            session_id: "demo_bench".into(),
            account_type: self.account.clone(),
            base_tenant_id: scope.base_tenant_id,
            tenant_id: scope.tenant_id,
            parent_tenant_id: None,
            outlet: None,
            session_created_at: self.instant.timestamp_micros(),
            base_reference: self.catalog.base_reference().timestamp_micros(),
        }
    }

    /// A new tenant, as its records are checked.
    pub fn scope(&self) -> TenantScope {
        TenantScope {
            account: self.account.clone(),
            tenant_id: Uuid::from_u128(rand_tenant()),
            base_tenant_id: self.catalog.account(&self.account).unwrap().base_tenant_id,
            outlet: None,
            parent_tenant_id: None,
            session_created_at: self.instant,
        }
    }

    pub fn domain(&self, slug: &str) -> &Domain {
        self.catalog.domain(slug).unwrap()
    }

    /// The data clock of every session here.
    pub fn instant(&self) -> DateTime<Utc> {
        self.instant
    }

    /// How many records a clone has.
    pub fn count(&self, native: &Native, segments: Vec<levain_plugin::Segment>) -> usize {
        segments
            .iter()
            .filter(|segment| {
                self.domain(native.domain)
                    .entities
                    .contains(&segment.entity)
            })
            .map(|segment| {
                serde_json::from_str::<Vec<serde_json::Value>>(&segment.rows)
                    .unwrap()
                    .len()
            })
            .sum()
    }
}

/// Another tenant each time: ids are mapped anew, as they are for a visitor.
fn rand_tenant() -> u128 {
    Uuid::new_v4().as_u128()
}

fn told(segments: &[segment::Segment]) -> Vec<levain_plugin::Segment> {
    segments
        .iter()
        .map(|segment| levain_plugin::Segment {
            entity: segment.entity.clone(),
            rows: segment.rows.clone(),
        })
        .collect()
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
        "CREATE TABLE segments (tenant_id TEXT, domain TEXT, entity TEXT, records INTEGER, \
         digest TEXT, rows TEXT, PRIMARY KEY (tenant_id, domain, entity))",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool
}
