//! What a session costs in a crowd: with many sessions stored beside it, and with few.
//!
//! Both stores are there at once and take turns, so that what else the machine does hits both. All sessions are
//! made as visitors make theirs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use levain::app::{self, Workings};
use levain::clock::SystemClock;
use levain::config::Sources;
use levain::plugins::Versions;
use levain::repo;
use levain::sessions::{NewSession, Sessions};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::figures::Figures;
use super::hosting::{Hosting, guests_dir};
use super::puppets::Puppets;
use super::server::Schema;
use super::{WARM_UP, hosting};

/// The most that a creation may cost in a crowd, in creations among few.
const BOUND: f64 = 1.2;
/// Sessions that are few.
const FEW: usize = 10;
/// Sessions that are made at once while a store is filled.
const AT_ONCE: usize = 8;

/// One account in one crowd.
struct Crowd<'h> {
    hosting: &'h Hosting,
    account: &'static str,
    many: usize,
    rounds: usize,
}

/// A store, and sessions over it.
struct Place {
    sessions: Sessions,
    repo: Arc<dyn repo::Repo>,
    _data: TempDir,
    _schema: Option<Schema>,
}

/// Which kind of store.
#[derive(Clone, Copy)]
enum Kind {
    Sqlite,
    Postgres,
}

/// Measures small sessions and the project's own, on both stores; whether all stay within the bound.
pub async fn run(quick: bool) -> bool {
    let directory = TempDir::new().unwrap();
    let catalog = Puppets::new().write(&directory);
    let puppets = Hosting::load(&catalog, &guests_dir());
    let few_or_all = |all: usize| if quick { all / 10 } else { all };
    let crowds = [
        Crowd {
            hosting: &puppets,
            account: "show",
            many: few_or_all(10_000),
            rounds: few_or_all(400),
        },
        Crowd {
            hosting: hosting::bakery(),
            account: "professional",
            many: few_or_all(500),
            rounds: few_or_all(100),
        },
    ];
    let mut within = true;
    for crowd in crowds {
        for kind in [Kind::Sqlite, Kind::Postgres] {
            within &= crowd.measure(kind).await.is_none_or(|ratio| ratio <= BOUND);
        }
    }
    within
}

impl Crowd<'_> {
    /// How many creations among few one in the crowd costs; `None` where there is no store of this kind.
    async fn measure(&self, kind: Kind) -> Option<f64> {
        let among_few = self.place(kind).await?;
        let among_many = self.place(kind).await?;
        let begun = Instant::now();
        among_few.fill(self.account, FEW).await;
        among_many.fill(self.account, self.many).await;
        println!(
            "\n{} on {}: {} sessions beside each other, made in {:.1} s; {} rounds; medians (minima), ms",
            self.account,
            kind.name(),
            self.many,
            begun.elapsed().as_secs_f64(),
            self.rounds,
        );
        let (mut few, mut many) = (Figures::new(), Figures::new());
        for round in 0..self.rounds + WARM_UP {
            // Whoever goes second may find the processor warm.
            let (one, other) = if round % 2 == 0 {
                let one = among_few.session(self.account).await;
                (one, among_many.session(self.account).await)
            } else {
                let other = among_many.session(self.account).await;
                (among_few.session(self.account).await, other)
            };
            if round >= WARM_UP {
                few.add(one);
                many.add(other);
            }
        }
        let ratio = many.median() / few.median();
        let verdict = if ratio <= BOUND {
            "at most"
        } else {
            "over the"
        };
        println!("with {FEW:<8} {few:>18}\nwith {:<8} {many:>18}", self.many);
        println!(
            "a creation of {} among {} on {} costs {ratio:.2} of one among {FEW}; {verdict} {BOUND:.1} allowed",
            self.account,
            self.many,
            kind.name(),
        );
        among_few.repo.close().await;
        among_many.repo.close().await;
        Some(ratio)
    }

    /// An empty store of a kind; `None` where no server answers.
    async fn place(&self, kind: Kind) -> Option<Place> {
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
        let hosting = self.hosting;
        let views = app::views(&hosting.catalog);
        let claim = app::claim(&hosting.catalog, &views, false);
        let repo = repo::open(&config.store(), &claim, config.store_options())
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
        Some(Place {
            sessions,
            repo,
            _data: data,
            _schema: schema,
        })
    }
}

impl Place {
    /// Makes sessions that stay.
    async fn fill(&self, account: &'static str, count: usize) {
        let mut making = JoinSet::new();
        for _ in 0..count {
            if making.len() == AT_ONCE {
                making.join_next().await.unwrap().unwrap();
            }
            let sessions = self.sessions.clone();
            making.spawn(async move {
                sessions.create(new(account)).await.unwrap();
            });
        }
        while let Some(made) = making.join_next().await {
            made.unwrap();
        }
    }

    /// One session more, created and timed, then destroyed: the crowd stays as large as it is.
    async fn session(&self, account: &str) -> Duration {
        let started = Instant::now();
        let created = self.sessions.create(new(account)).await.unwrap();
        let took = started.elapsed();
        let session_id = &created.session.session_id;
        self.sessions.destroy(session_id).await.unwrap();
        took
    }
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

fn new(account: &str) -> NewSession {
    NewSession {
        account: account.to_owned(),
        session_created_at: None,
        virtual_tenant_id: None,
        key: None,
    }
}
