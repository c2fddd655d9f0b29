//! The only wiring point: from a configuration to a host that serves.

mod check;

use std::future::Future;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::Router;
use tokio::net::TcpListener;

use crate::allocator;
use crate::clock::{Clock as _, SharedClock, SystemClock};
use crate::config::Config;
use crate::http::{
    self, ApiKey, ClientRate, EventStreams, HttpState, Pace, ReadBounds, Reads, ServeBounds,
    StreamBounds, Tokens, TrustedProxies,
};
use crate::metrics;
use crate::mirror::Mirror;
use crate::notices::Notices;
use crate::plugins::{Loader, Registry, Versions};
use crate::receipts::Seal;
use crate::revisions::{Revisions, WatchPolicy};
use crate::sandbox::{
    CodeCache, CompileLimits, Compiler, Preparation, Sandbox, SandboxConfig, SandboxLimits,
};
use crate::sessions::{
    BreakerPolicy, CloneBounds, RandomIds, SessionParts, SessionPolicy, Sessions, SweepPolicy,
    Switches,
};
use levain_catalog::{Catalog, CatalogError};
use levain_model::fault::{Fault, Faults};
use levain_model::{CatalogClaim, ViewSpec};
use levain_store::{self, Repo};

pub use check::{CatalogReport, DomainReport, check_catalog};

/// How long work under way may go on once the requests have ended.
const GIVE_UP: Duration = Duration::from_secs(30);

/// A host that is ready to serve.
pub struct App {
    /// The sessions, behind every route.
    pub sessions: Sessions,
    /// The revisions of their plugins.
    pub revisions: Revisions,
    /// Every route.
    pub router: Router,
    repo: Arc<dyn Repo>,
    /// Where components are looked for that change.
    watch: Option<PathBuf>,
    /// What connections may take.
    bounds: ServeBounds,
}

impl App {
    /// Reads and checks everything that the configuration names, compiles the components, opens
    /// the store and recovers it.
    ///
    /// # Errors
    /// [`Faults`] where the catalog, or the component of a required domain, is faulty.
    pub async fn build(config: &Config) -> anyhow::Result<Self> {
        let catalog = Arc::new(load_catalog(&config.catalog)?);
        let sandbox = {
            let (catalog, config) = (Arc::clone(&catalog), config.clone());
            tokio::task::spawn_blocking(move || sandbox(&catalog, &config)).await??
        };
        let views = views(&catalog);
        let claim = claim(&catalog, &views, config.replace_catalog);
        let repo = levain_store::open(&config.store(), &claim, config.store_options()).await?;
        share_keys(config, &repo).await?;
        let plugins = load_plugins(config, &catalog, &sandbox, &repo).await?;
        refuse_without_required(&catalog, &plugins.newest())?;
        let sessions = Sessions::new(session_parts(
            config,
            Workings {
                catalog,
                plugins: Arc::new(plugins),
                sandbox,
                limits: config.sandbox,
                repo: Arc::clone(&repo),
                clock: Arc::new(SystemClock),
            },
        )?);
        // Sessions that the previous process left are settled before the first request.
        repo.end_leases().await?;
        sessions.recover().await?;
        sessions.collect_versions().await?;
        let revisions = revisions(&sessions, config);
        let router = router(&revisions, config)?;
        Ok(Self {
            sessions,
            revisions,
            router,
            repo,
            watch: config.watch.clone(),
            bounds: ServeBounds::new(config.connections),
        })
    }

    /// Serves until `shutdown` ends, lets what is under way end, and closes the store.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let house = tokio::spawn(self.sessions.clone().run_maintenance());
        let follow = tokio::spawn(self.revisions.clone().follow_plugins());
        let watch = self
            .watch
            .map(|directory| tokio::spawn(self.revisions.clone().watch_plugins(directory)));
        let upkeep = tokio::spawn(metrics::run_maintenance());
        let memory = tokio::spawn(allocator::give_back_regularly());
        let sessions = self.sessions.clone();
        let stopping = async move {
            shutdown.await;
            sessions.close();
        };
        http::serve(listener, self.router, self.bounds, stopping).await;
        house.abort();
        follow.abort();
        if let Some(watch) = watch {
            watch.abort();
        }
        upkeep.abort();
        memory.abort();
        self.sessions.stop(GIVE_UP).await;
        self.repo.close().await;
        tracing::info!("stopped");
    }
}

/// The rooms that sessions use, without the settings.
pub struct Workings {
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
}

/// The parts of sessions, by a configuration. Call it within a runtime: mirror and webhook spawn their tasks there.
///
/// # Errors
/// Where a key cannot be made or read.
pub fn session_parts(config: &Config, workings: Workings) -> anyhow::Result<SessionParts> {
    let webhook = config.webhook();
    let notices = webhook.map(|webhook| Notices::with_webhook(&webhook, workings.clock.clone()));
    let notices = notices.unwrap_or_default();
    Ok(SessionParts {
        catalog: workings.catalog,
        plugins: workings.plugins,
        sandbox: workings.sandbox,
        limits: workings.limits,
        repo: workings.repo,
        clock: workings.clock,
        seal: Arc::new(Seal::new(config.key_settings().open()?.receipt_key())?),
        ids: Arc::new(RandomIds),
        policy: SessionPolicy {
            duration: config.session_duration,
            max_extensions: config.max_extensions,
            lease: config.lease,
        },
        switches: Switches {
            alerts: config.alert_generation,
            insights: config.insight_generation,
        },
        bounds: CloneBounds {
            under_way: config.clones_under_way,
            queue: config.clone_queue,
            wait: config.clone_queue_wait,
            session_bytes: u64::from(config.session_output_mib) << 20,
            all_bytes: u64::from(config.clones_output_mib) << 20,
        },
        breaker: BreakerPolicy {
            failures: config.breaker_failures,
            rest: config.breaker_rest,
        },
        sweep: SweepPolicy {
            interval: config.cleanup_interval,
            grace: config.cleanup_grace,
            ledger: config.ledger,
        },
        notices,
        mirror: config.mirror().map(Mirror::in_redis).unwrap_or_default(),
        owner: format!(
            "process {} listening on {}",
            std::process::id(),
            config.listen
        ),
    })
}

/// The revisions of the sessions' plugins.
#[must_use]
pub fn revisions(sessions: &Sessions, config: &Config) -> Revisions {
    let policy = WatchPolicy {
        sessions: config.watch_sessions,
        failures: config.watch_failures,
    };
    Revisions::new(sessions.clone(), policy)
}

/// Every route over these revisions and their sessions, with the configuration's keys.
///
/// # Errors
/// Where a key cannot be made or read.
pub fn router(revisions: &Revisions, config: &Config) -> anyhow::Result<Router> {
    let keys = config.key_settings().open()?;
    let sessions = revisions.sessions();
    Ok(http::router(HttpState {
        sessions: sessions.clone(),
        tokens: Arc::new(Tokens::new(keys.token_key())?),
        revisions: revisions.clone(),
        internal_key: ApiKey::new(keys.internal_api_key.reveal()),
        admin_key: ApiKey::new(keys.admin_api_key.reveal()),
        largest_component: largest_component(sessions.catalog(), &config.sandbox),
        max_body_bytes: config.max_body_bytes,
        proxies: Arc::new(TrustedProxies::new(config.trusted_proxies.clone())),
        rate: Arc::new(ClientRate::new(Pace {
            per_minute: config.creations_per_minute,
            burst: config.creations_burst,
        })),
        reads: Arc::new(Reads::new(ReadBounds {
            per_minute: config.reads_per_minute,
            at_once: config.reads_at_once,
        })),
        guesses: Arc::default(),
        streams: EventStreams::new(StreamBounds {
            most: config.event_streams,
            share: config.event_streams_share,
        }),
    }))
}

/// Serves until SIGTERM or Ctrl-C. The one line on standard output says
/// where it listens.
///
/// # Errors
/// [`Faults`] where the catalog or a component is faulty.
pub fn serve(config: Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async move {
        // Before loading: a taken address fails at once.
        let listener = http::listen(config.listen)
            .with_context(|| format!("cannot listen on {}", config.listen))?;
        let app = App::build(&config).await?;
        let url = format!("http://{}", listener.local_addr()?);
        tracing::info!(url, catalog = app.sessions.catalog().name(), "listening");
        writeln!(std::io::stdout(), "listening on {url}")?;
        app.serve(listener, stop_signal()).await;
        Ok(())
    })
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = interrupt.await;
        }
    }
    tracing::info!("stopping: no new work is taken, what is under way may end");
}

/// Reads a catalog.
///
/// # Errors
/// [`Faults`] where it is faulty.
pub fn load_catalog(file: &Path) -> anyhow::Result<Catalog> {
    Catalog::load(file).map_err(|error| match error {
        CatalogError::Invalid { file, faults } => Faults {
            subject: file.display().to_string(),
            faults,
        }
        .into(),
        other => other.into(),
    })
}

/// The largest component that any domain may have, in bytes.
fn largest_component(catalog: &Catalog, limits: &SandboxLimits) -> usize {
    let sizes = catalog.domains().iter();
    let sizes = sizes.map(|domain| CompileLimits::of(domain, &catalog.limits(), limits).size_bytes);
    sizes
        .max()
        .and_then(|largest| usize::try_from(largest).ok())
        .unwrap_or(usize::MAX)
}

fn sandbox(catalog: &Catalog, config: &Config) -> anyhow::Result<Sandbox> {
    let laid_out = SandboxConfig::for_catalog(catalog, &config.sandbox, config.clone_workers);
    Ok(Sandbox::new(laid_out)?
        .with_compiler(Compiler::this_program()?)
        .with_cache(cache(config)?))
}

async fn load_plugins(
    config: &Config,
    catalog: &Arc<Catalog>,
    sandbox: &Sandbox,
    repo: &Arc<dyn Repo>,
) -> anyhow::Result<Versions> {
    let loader = Loader {
        sandbox: sandbox.clone(),
        catalog: Arc::clone(catalog),
        limits: config.sandbox,
        images: config.prepared_images,
    };
    let started = Instant::now();
    let now = SystemClock.now();
    let versions = Versions::open(
        Arc::clone(repo),
        loader,
        &config.plugins,
        config.replace_catalog,
        now,
    )
    .await?;
    let registry = versions.newest();
    for plugin in registry.all_active() {
        tracing::debug!(domain = %plugin.domain, digest = %plugin.digest, size_bytes = plugin.size_bytes, cached = plugin.component.cached(), "plugin active");
    }
    let cached = registry
        .all_active()
        .filter(|plugin| plugin.component.cached())
        .count();
    let compiled = registry.all_active().count() - cached;
    let images = |count: fn(&Preparation) -> usize| -> usize {
        let preparations = registry.all_active().map(|plugin| &plugin.preparation);
        preparations.map(count).sum()
    };
    let prepared = images(|images| images.prepared);
    let kept = images(|images| images.kept);
    let without_image = images(|images| images.without.len());
    tracing::info!(
        compiled,
        cached,
        prepared,
        kept,
        without_image,
        revision = registry.revision(),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "components loaded"
    );
    for refused in registry.all_refused() {
        tracing::warn!(domain = %refused.domain, reason = %refused.refusal, "plugin refused");
    }
    Ok(versions)
}

/// Has this host sign as the other hosts of the store do.
async fn share_keys(config: &Config, repo: &Arc<dyn Repo>) -> anyhow::Result<()> {
    let keys = config.key_settings().open()?;
    let own = keys.fingerprints();
    let known = repo.keep_fingerprints(&own, config.replace_keys).await?;
    Ok(keys.refuse_others(&known)?)
}

/// What a host of this catalog asks of a store.
#[must_use]
pub fn claim<'c>(catalog: &'c Catalog, views: &'c [ViewSpec], replace: bool) -> CatalogClaim<'c> {
    CatalogClaim {
        name: catalog.name(),
        digest: catalog.digest(),
        views,
        replace,
    }
}

fn cache(config: &Config) -> anyhow::Result<CodeCache> {
    let own = || config.data_dir.join("cache");
    let directory = config.cache_dir.clone().unwrap_or_else(own);
    let keys = config.key_settings().open()?;
    CodeCache::open(directory.clone(), keys.cache_key()).with_context(|| {
        format!(
            "the cache directory `{}` cannot be used",
            directory.display()
        )
    })
}

/// # Errors
/// [`Faults`] naming every required domain that no component serves.
fn refuse_without_required(catalog: &Catalog, registry: &Registry) -> anyhow::Result<()> {
    let required = |domain: &str| {
        catalog
            .domain(domain)
            .is_some_and(|declared| declared.required)
    };
    if !registry
        .all_refused()
        .any(|refused| required(&refused.domain))
    {
        return Ok(());
    }
    // All of them: one mend should not reveal the next fault.
    let faults = component_faults(registry);
    Err(Faults {
        subject: "the components of the domains".into(),
        faults,
    }
    .into())
}

fn component_faults(registry: &Registry) -> Vec<Fault> {
    registry
        .all_refused()
        .map(|refused| {
            let source = refused.origin.clone();
            let message = format!(
                "domain `{}` is not served: {}",
                refused.domain, refused.refusal
            );
            Fault::new(source, "", "component", message)
        })
        .collect()
}

/// One typed view per entity, as its schema has it.
#[must_use]
pub fn views(catalog: &Catalog) -> Vec<ViewSpec> {
    catalog
        .schemas()
        .map(|schema| ViewSpec {
            name: format!("{}_{}", schema.domain(), schema.entity()),
            domain: schema.domain().to_owned(),
            entity: schema.entity().to_owned(),
            columns: schema.columns().to_vec(),
        })
        .collect()
}
