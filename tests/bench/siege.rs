//! What a session costs while others misbehave: in every way that a component has, one after another.
//!
//! Calm and siege take turns in one run, so that what else the machine does hits both. A few good visitors come
//! at once, again and again: a load that keeps two processors busy. The others come one after another beside
//! them.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tempfile::TempDir;

use super::WARM_UP;
use super::hosting::{Hosting, guests_dir};
use super::place::{Kind, Place, new_session};
use super::puppets::Puppets;

/// The most that the P95 of a creation may be under siege, in those without one.
const BOUND: f64 = 2.0;
/// Good visitors at once.
const VISITORS: usize = 4;
/// Turns of calm and siege.
const TURNS: usize = 5;
/// What a call that never ends may take.
const SHORT_MS: u32 = 50;
/// What the others may take.
const LONG_MS: u32 = 5000;

/// What never ends.
const ENDLESS: &[&str] = &["loop", "loop-in-prepare", "loop-logging"];
/// What ends by itself, or at another limit than time.
const HOSTILE: &[&str] = &[
    "panic",
    "recurse",
    "grow",
    "fail",
    "giant-output",
    "many-records",
    "million-records",
    "log-flood",
    "foreign-entity",
    "entity-twice",
    "foreign-tenant",
    "forged-id",
    "id-twice",
    "not-json",
    "truncated-json",
    "not-an-array",
    "not-records",
    "key-twice",
    "nul",
    "lone-surrogate",
    "huge-number",
    "deep",
    "schema",
    "unknown-field",
    "dangling",
];

/// Every way, with the domain that has it.
fn behaviours() -> impl Iterator<Item = (&'static str, &'static str)> {
    let endless = ENDLESS.iter().map(|behaviour| ("endless", *behaviour));
    let hostile = HOSTILE.iter().map(|behaviour| ("hostile", *behaviour));
    endless.chain(hostile)
}

/// Measures on both stores; whether all stay within the bound.
pub async fn run(quick: bool) -> bool {
    let directory = TempDir::new().unwrap();
    let mut puppets = Puppets::new().with_timeout_ms(LONG_MS);
    puppets.add_domain("endless", "puppet", SHORT_MS, "");
    puppets.add_domain("hostile", "puppet", LONG_MS, "");
    let mut accounts = Vec::new();
    for (place, (domain, behaviour)) in behaviours().enumerate() {
        let account = format!("attack_{place}");
        puppets.add_account(&account, domain, behaviour);
        accounts.push(account);
    }
    let hosting = Hosting::load(&puppets.write(&directory), &guests_dir());
    let rounds = if quick { 20 } else { 100 };
    let mut within = true;
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ratio = measure(&hosting, &accounts, kind, rounds).await;
        within &= ratio.is_none_or(|ratio| ratio <= BOUND);
    }
    within
}

/// The P95 of a creation under siege, in those without one; `None` where there is no store of this kind.
async fn measure(hosting: &Hosting, accounts: &[String], kind: Kind, rounds: usize) -> Option<f64> {
    let place = Place::make(hosting, kind).await?;
    for _ in 0..WARM_UP {
        place.session("show").await;
    }
    for account in accounts {
        attack(&place, account).await;
    }
    let (mut calm, mut besieged) = (Vec::new(), Vec::new());
    let mut attacks = accounts.iter().enumerate().cycle();
    let under_way = Cell::new(None);
    let mut beside = vec![Vec::new(); accounts.len()];
    let mut made = 0;
    for _ in 0..TURNS {
        for _ in 0..rounds {
            calm.extend(visits(&place).await);
        }
        let over = AtomicBool::new(false);
        let good = async {
            for _ in 0..rounds {
                let attack = under_way.get();
                let took = visits(&place).await;
                if let Some(attack) = attack {
                    let beside: &mut Vec<Duration> = &mut beside[attack];
                    beside.extend(&took);
                }
                besieged.extend(took);
            }
            over.store(true, Ordering::Relaxed);
        };
        let bad = async {
            while !over.load(Ordering::Relaxed) {
                if let Some((number, account)) = attacks.next() {
                    under_way.set(Some(number));
                    attack(&place, account).await;
                    made += 1;
                }
            }
        };
        tokio::join!(good, bad);
    }
    let (calm, besieged) = (Spread::of(calm), Spread::of(besieged));
    let ratio = besieged.p95 / calm.p95;
    let verdict = if ratio <= BOUND {
        "at most"
    } else {
        "over the"
    };
    println!(
        "\non {}: {} creations each, {made} attacks beside them; P50, P95, P99 in ms\ncalm           {calm}\nunder siege    {besieged}",
        kind.name(),
        rounds * TURNS * VISITORS,
    );
    let mut worst: Vec<(&str, Spread)> = behaviours()
        .map(|(_, behaviour)| behaviour)
        .zip(beside)
        .filter(|(_, times)| !times.is_empty())
        .map(|(behaviour, times)| (behaviour, Spread::of(times)))
        .collect();
    worst.sort_by(|(_, one), (_, other)| other.p95.total_cmp(&one.p95));
    for (behaviour, spread) in worst.iter().take(5) {
        println!("  {behaviour:<16} {spread}");
    }
    println!(
        "the P95 of a creation under siege on {} is {ratio:.2} of the calm one; {verdict} {BOUND:.1} allowed",
        kind.name(),
    );
    place.repo.close().await;
    Some(ratio)
}

/// As many good sessions at once as there are visitors.
async fn visits(place: &Place) -> Vec<Duration> {
    join_all((0..VISITORS).map(|_| place.session("show"))).await
}

/// A session that somebody's component spoils, and that goes again.
async fn attack(place: &Place, account: &str) {
    let created = place.sessions.create(new_session(account)).await;
    let created = created.unwrap_or_else(|error| panic!("{account}: {error}"));
    let session_id = &created.session.session_id;
    place.sessions.destroy(session_id).await.unwrap();
}

/// How long creations took, in ms.
struct Spread {
    p50: f64,
    p95: f64,
    p99: f64,
}

impl Spread {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |share: usize| times[times.len() * share / 100].as_secs_f64() * 1000.0;
        Self {
            p50: at(50),
            p95: at(95),
            p99: at(99),
        }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>8.2} {:>8.2} {:>8.2}", self.p50, self.p95, self.p99)
    }
}
