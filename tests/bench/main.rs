//! `cargo xtask bench`: what a session costs beside the same work without a sandbox.
//!
//! The *floor* is a session's work done natively: every domain cloned from fixtures that are already
//! prepared, the same checks on one parse, the same references, and a raw write of the same segments.
//! Session and floor take turns in one run, so that what else the machine does hits both.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark stops where it fails, and prints"
)]

mod figures;
mod floor;
mod natives;
mod setting;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use figures::{Figures, line};
use setting::Setting;

/// The most that a session may cost, in floors.
const BOUND: f64 = 4.0;
const ROUNDS: usize = 40;
const WARM_UP: usize = 5;

fn main() -> ExitCode {
    // `cargo bench` passes `--bench`; the rest is for a quick look.
    let quick = std::env::args().any(|argument| argument == "--quick");
    let rounds = if quick { 10 } else { ROUNDS };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let ratio = runtime.block_on(run(rounds));
    if ratio <= BOUND {
        println!("\nthe session costs {ratio:.2} floors; at most {BOUND:.1} are allowed");
        ExitCode::SUCCESS
    } else {
        println!("\nthe session costs {ratio:.2} floors, over the {BOUND:.1} that are allowed");
        ExitCode::FAILURE
    }
}

async fn run(rounds: usize) -> f64 {
    let setting = Setting::new().await;
    println!(
        "account {}: {} domains, {} fixture records; {} workers, {rounds} rounds; medians (minima)\n",
        setting.account,
        setting.natives.len(),
        setting.records(),
        setting.workers,
    );
    per_domain(&setting, rounds);
    let (mut session, mut floor, mut write) = (Figures::new(), Figures::new(), Figures::new());
    for round in 0..rounds + WARM_UP {
        let whole = setting.session().await;
        let (natively, written) = floor::run(&setting).await;
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

fn per_domain(setting: &Setting, rounds: usize) {
    println!(
        "{:<14} {:>8} {:>18} {:>18} {:>18} {:>8}",
        "domain", "records", "prepare native", "clone native", "sandbox, both", "ratio"
    );
    let mut totals = (0.0, 0.0, 0.0);
    for native in &setting.natives {
        let (mut prepare, mut clone, mut sandbox) =
            (Figures::new(), Figures::new(), Figures::new());
        let mut records = 0;
        for round in 0..rounds + WARM_UP {
            let prepared = timed(|| (native.prepare)(&native.slice));
            let cloned = timed(|| (prepared.1)(&setting.context()));
            let boxed = timed(|| setting.clone_in_sandbox(native));
            records = setting.count(native, cloned.1);
            if round >= WARM_UP {
                prepare.add(prepared.0);
                clone.add(cloned.0);
                sandbox.add(boxed.0);
            }
        }
        let both = prepare.median() + clone.median();
        println!(
            "{:<14} {records:>8} {prepare:>18} {clone:>18} {sandbox:>18} {:>8.2}",
            native.domain,
            sandbox.median() / both
        );
        totals = (
            totals.0 + prepare.median(),
            totals.1 + clone.median(),
            totals.2 + sandbox.median(),
        );
    }
    println!(
        "{:<14} {:>8} {:>18.3} {:>18.3} {:>18.3} {:>8.2}",
        "all, in turn",
        "",
        totals.0,
        totals.1,
        totals.2,
        totals.2 / (totals.0 + totals.1)
    );
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let started = Instant::now();
    let value = work();
    (started.elapsed(), value)
}
