//! `cargo xtask bench`: what a session costs beside the same work without a sandbox.
//!
//! The *floor* is a session's work done natively: every domain of every tenant cloned from fixtures that
//! are already prepared, the same checks on one parse, the same references, the same triggers on the same
//! records with the same checks, and a raw write of the same segments. Session and floor take turns in
//! one run, so that what else the machine does hits both.
//!
//! Before that: what it costs to admit the plugins, to start and to idle.
//!
//! `cargo xtask bench -- --crowd` measures instead what a session costs with many others stored, `--siege`
//! what it costs while others misbehave in every way, and `--crossfire` whether the host is seen to live while others
//! ask for the worst; `--host FILE` has that done to another build.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark stops where it fails, and prints"
)]

mod crossfire;
mod crowd;
mod figures;
mod floor;
mod host;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../support/hosting.rs"]
mod hosting;
mod natives;
mod parts;
mod place;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../support/puppets.rs"]
mod puppets;
#[path = "../support/raise.rs"]
mod raise;
mod raw;
#[path = "../../host/store/src/postgres/tests/server.rs"]
mod server;
mod setting;
mod siege;
mod start;

use std::process::ExitCode;

use figures::{Figures, line};
use host::{Host, Store};
use setting::Setting;

/// The most that a session may cost, in floors.
const BOUND: f64 = 1.7;
/// The most that a clone from a prepared image may cost, in clones that prepare.
const IMAGE_BOUND: f64 = 0.3;
const ROUNDS: usize = 40;
const WARM_UP: usize = 5;

fn main() -> ExitCode {
    // A host compiles by running its own program once more, which this is where it is a part of it.
    let is_host = ["compile-component", "serve"];
    if std::env::args()
        .nth(1)
        .is_some_and(|task| is_host.contains(&task.as_str()))
    {
        return levain::cli::run();
    }
    // `cargo bench` passes `--bench`; the rest is for a quick look.
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    let quick = asked("--quick");
    let rounds = if quick { 10 } else { ROUNDS };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    if asked(start::IDLE) {
        let mut data = std::env::args().skip_while(|argument| argument != start::IDLE);
        runtime.block_on(start::idle(&data.nth(1).unwrap()));
        return ExitCode::SUCCESS;
    }
    let within = if asked("--crossfire") {
        let mut after = std::env::args().skip_while(|argument| argument != "--host");
        Some(crossfire::run(quick, after.nth(1).map(Into::into)))
    } else if asked("--crowd") {
        Some(runtime.block_on(crowd::run(quick)))
    } else if asked("--siege") {
        Some(runtime.block_on(siege::run(quick)))
    } else {
        None
    };
    match within {
        Some(true) => return ExitCode::SUCCESS,
        Some(false) => return ExitCode::FAILURE,
        None => {}
    }
    let ratios = runtime.block_on(run(rounds));
    println!();
    for Outcome { what, ratio, bound } in &ratios {
        let verdict = if ratio <= bound {
            "at most"
        } else {
            "over the"
        };
        println!("{what}: {ratio:.2}; {verdict} {bound:.1} allowed");
    }
    if ratios.iter().all(|outcome| outcome.ratio <= outcome.bound) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Something that has a bound.
struct Outcome {
    what: String,
    ratio: f64,
    bound: f64,
}

/// The ratios of every account.
async fn run(rounds: usize) -> Vec<Outcome> {
    let host = Host::new().await;
    start::admission(&host);
    start::starts(&host);
    start::proofs(&host).await;
    start::idle_memory();
    start::call_overhead(&host, rounds);
    let mut ratios = Vec::new();
    for account in host.catalog.accounts() {
        let setting = Setting::new(&host, account);
        println!(
            "\naccount {}: {} tenants, {} fixture records; {} workers, {rounds} rounds; medians (minima), ms\n",
            setting.account,
            setting.places.len(),
            setting.records(),
            host.workers,
        );
        ratios.push(Outcome {
            what: format!(
                "a clone of {} from prepared images, in clones that prepare",
                account.slug
            ),
            ratio: parts::per_domain(&setting, rounds),
            bound: IMAGE_BOUND,
        });
        parts::per_trigger(&setting, rounds).await;
        for store in &host.stores {
            ratios.push(Outcome {
                what: format!("a session of {} on {}, in floors", account.slug, store.name),
                ratio: whole(&setting, store, rounds).await,
                bound: BOUND,
            });
        }
    }
    ratios
}

async fn whole(setting: &Setting<'_>, store: &Store, rounds: usize) -> f64 {
    let (mut session, mut floor, mut write) = (Figures::new(), Figures::new(), Figures::new());
    let (mut session_cpu, mut floor_cpu) = (Figures::new(), Figures::new());
    for round in 0..rounds + WARM_UP {
        let instant = setting.host.instant;
        let whole = store.session(&setting.account, instant).await;
        let (natively, written) = floor::run(setting, store).await;
        if round >= WARM_UP {
            session.add(whole.time);
            session_cpu.add(whole.cpu);
            floor.add(natively.time);
            floor_cpu.add(natively.cpu);
            write.add(written);
        }
    }
    println!("\n{:<14} {:>18}", "whole session", store.name);
    line("in total", &session);
    line("its floor", &floor);
    line("write alone", &write);
    line("CPU in total", &session_cpu);
    line("CPU of floor", &floor_cpu);
    let ratio = session.median() / floor.median();
    println!(
        "{:<14} {:>9.2} ({:.2})",
        "session/floor",
        ratio,
        session.least() / floor.least()
    );
    ratio
}
