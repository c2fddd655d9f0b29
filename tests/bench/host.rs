//! A host with everything that it serves, over each kind of store, and a raw table beside each.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use levain::app::{self, Workings};
use levain::clock::SystemClock;
use levain::config::{Config, Sources};
use levain::plugins::{self, Registry, Versions};
use levain::sandbox::SandboxLimits;
use levain::sandbox::{Compiled, Limits, Sandbox, SandboxConfig};
use levain::sessions::{NewSession, Sessions};
use levain_catalog::{Catalog, Domain};
use tempfile::TempDir;

use super::figures::{Spent, Stopwatch};
use super::hosting::{catalog_file, plugins_dir};
use super::raw::Raw;
use super::server::Schema;

/// Everything that both sides work with.
pub struct Host {
    pub workers: usize,
    pub catalog: Arc<Catalog>,
    pub sandbox: Sandbox,
    /// The data clock of every session here.
    pub instant: DateTime<Utc>,
    /// One of each kind that is there.
    pub stores: Vec<Store>,
    plugins: Arc<Registry>,
    /// The same components without prepared images.
    plain: Registry,
    pub limits: SandboxLimits,
    _data: TempDir,
}

/// A store with the sessions over it, and the raw table that a floor is written to.
pub struct Store {
    pub name: &'static str,
    pub raw: Raw,
    sessions: Sessions,
    _schemas: Option<[Schema; 2]>,
}

impl Host {
    pub async fn new() -> Self {
        let catalog = Arc::new(Catalog::load(&catalog_file()).unwrap());
        let data = TempDir::new().unwrap();
        let config = config(data.path(), None);
        let sandbox = sandbox(&catalog, &config);
        let load = |images| {
            let registry =
                plugins::load(&sandbox, &plugins_dir(), &catalog, &config.sandbox, images);
            let refused: Vec<String> = registry.all_refused().map(ToString::to_string).collect();
            assert!(refused.is_empty(), "{refused:#?}");
            registry
        };
        let mut host = Self {
            workers: config.clone_workers,
            plugins: Arc::new(load(true)),
            plain: load(false),
            stores: Vec::new(),
            sandbox,
            limits: config.sandbox,
            instant: "2026-03-02T10:00:00Z".parse().unwrap(),
            catalog,
            _data: data,
        };
        let raw = Raw::sqlite(&host._data.path().join("raw.db")).await;
        host.open("SQLite", &config, raw, None).await;
        if let (Some(schema), Some(beside)) = (Schema::make().await, Schema::make().await) {
            let config = self::config(host._data.path(), Some(&schema.url));
            let raw = Raw::postgres(&beside.url).await;
            host.open("PostgreSQL", &config, raw, Some([schema, beside]))
                .await;
        }
        host
    }

    async fn open(
        &mut self,
        name: &'static str,
        config: &Config,
        raw: Raw,
        schemas: Option<[Schema; 2]>,
    ) {
        let views = app::views(&self.catalog);
        let claim = app::claim(&self.catalog, &views, false);
        let repo = levain_store::open(&config.store(), &claim, config.store_options())
            .await
            .unwrap();
        let workings = Workings {
            catalog: Arc::clone(&self.catalog),
            plugins: Arc::new(Versions::given(Arc::clone(&self.plugins))),
            sandbox: self.sandbox.clone(),
            limits: config.sandbox,
            repo,
            clock: Arc::new(SystemClock),
        };
        self.stores.push(Store {
            name,
            raw,
            sessions: Sessions::new(app::session_parts(config, workings).unwrap()),
            _schemas: schemas,
        });
    }

    pub fn domain(&self, slug: &str) -> &Domain {
        self.catalog.domain(slug).unwrap()
    }

    /// The component of a domain with its prepared images, the same without, and what it may use.
    pub fn component(&self, domain: &str) -> (&Compiled, &Compiled, Limits) {
        let limits = Limits::of(self.domain(domain), &self.catalog.limits(), &self.limits);
        let of = |registry: &'_ Registry| registry.active(domain).is_some();
        assert!(
            of(&self.plugins) && of(&self.plain),
            "{domain} is not served"
        );
        (
            &self.plugins.active(domain).unwrap().component,
            &self.plain.active(domain).unwrap().component,
            limits,
        )
    }
}

impl Store {
    /// One session, created and timed, then destroyed.
    pub async fn session(&self, account: &str, instant: DateTime<Utc>) -> Spent {
        let watch = Stopwatch::start();
        let created = self
            .sessions
            .create(NewSession {
                account: account.to_owned(),
                session_created_at: Some(instant),
                virtual_tenant_id: None,
                key: None,
            })
            .await
            .unwrap();
        let took = watch.read();
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
}

/// A host's settings, with its data in a directory.
pub fn config(data: &Path, url: Option<&str>) -> Config {
    let mut sources = Sources::default().with_flag("data_dir", data.to_str().unwrap());
    let directories: [(&str, PathBuf); 2] =
        [("catalog", catalog_file()), ("plugins", plugins_dir())];
    for (setting, path) in &directories {
        sources = sources.with_flag(setting, path.to_str().unwrap());
    }
    if let Some(url) = url {
        sources = sources.with_flag("database_url", url);
    }
    sources.resolve().unwrap()
}

/// A sandbox as a host with these settings has it, without a cache.
pub fn sandbox(catalog: &Catalog, config: &Config) -> Sandbox {
    Sandbox::new(SandboxConfig::for_catalog(
        catalog,
        &config.sandbox,
        config.clone_workers,
    ))
    .unwrap()
}
