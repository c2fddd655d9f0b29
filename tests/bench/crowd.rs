//! What a session costs in a crowd: with many sessions stored beside it, and with few.
//!
//! Both stores are there at once and take turns, so that what else the machine does hits both. All sessions are
//! made as visitors make theirs.

use std::time::Instant;

use tempfile::TempDir;
use tokio::task::JoinSet;

use super::figures::Figures;
use super::hosting::{Hosting, guests_dir};
use super::place::{Kind, Place, new_session};
use super::puppets::Puppets;
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
        let among_few = Place::make(self.hosting, kind).await?;
        let among_many = Place::make(self.hosting, kind).await?;
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
                sessions.create(new_session(account)).await.unwrap();
            });
        }
        while let Some(made) = making.join_next().await {
            made.unwrap();
        }
    }
}
