//! `cargo xtask bench`: what a session costs beside the same work without a sandbox.
//!
//! The *floor* is a session's work done natively: every domain of every tenant cloned from fixtures that
//! are already prepared, the same checks on one parse, the same references, the same triggers on the same
//! records with the same checks, and a raw write of the same segments. Session and floor take turns in
//! one run, so that what else the machine does hits both.
//!
//! `cargo xtask bench -- --crowd` measures instead what a session costs with many others stored, and `--siege`
//! what it costs while others misbehave in every way.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark stops where it fails, and prints"
)]

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
#[path = "../../host/src/repo/postgres/tests/server.rs"]
mod server;
mod setting;
mod siege;

use std::process::ExitCode;

use figures::{Figures, line};
use host::Host;
use setting::Setting;

/// The most that a session may cost, in floors.
const BOUND: f64 = 4.0;
const ROUNDS: usize = 40;
const WARM_UP: usize = 5;

fn main() -> ExitCode {
    // `cargo bench` passes `--bench`; the rest is for a quick look.
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    let quick = asked("--quick");
    let rounds = if quick { 10 } else { ROUNDS };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let within = if asked("--crowd") {
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
    for (account, ratio) in &ratios {
        let verdict = if *ratio <= BOUND {
            "at most"
        } else {
            "over the"
        };
        println!("a session of {account} costs {ratio:.2} floors; {verdict} {BOUND:.1} allowed");
    }
    if ratios.iter().all(|(_, ratio)| *ratio <= BOUND) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The ratio of every account.
async fn run(rounds: usize) -> Vec<(String, f64)> {
    let host = Host::new().await;
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
        parts::per_domain(&setting, rounds);
        parts::per_trigger(&setting, rounds).await;
        ratios.push((setting.account.clone(), whole(&setting, rounds).await));
    }
    ratios
}

async fn whole(setting: &Setting<'_>, rounds: usize) -> f64 {
    let (mut session, mut floor, mut write) = (Figures::new(), Figures::new(), Figures::new());
    for round in 0..rounds + WARM_UP {
        let whole = setting.host.session(&setting.account).await;
        let (natively, written) = floor::run(setting).await;
        if round >= WARM_UP {
            session.add(whole);
            floor.add(natively);
            write.add(written);
        }
    }
    println!("\n{:<14} {:>18}", "whole session", "ms");
    line("in total", &session);
    line("its floor", &floor);
    line("write alone", &write);
    let ratio = session.median() / floor.median();
    println!(
        "{:<14} {:>9.2} ({:.2})",
        "session/floor",
        ratio,
        session.least() / floor.least()
    );
    ratio
}
