//! What a host costs before anybody asks for a session: admission, starts, and memory when it is idle; and what a
//! call costs that does nothing.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use levain::app::App;
use levain::plugins::{self, Registry};
use levain::revisions::{Candidate, Install};
use levain::sandbox::{CodeCache, CompileLimits};
use levain::sessions::NewSession;
use levain_catalog::Catalog;
use tempfile::TempDir;

use super::WARM_UP;
use super::figures::Figures;
use super::host::{self, Host, config};
use super::hosting::{catalog_file, plugins_dir};

/// The argument that has the benchmark be a host that idles, with its data in the directory that follows.
pub const IDLE: &str = "--idle";
/// Sessions that an idle host has made before.
const BEFORE: usize = 10;

/// Admission of each plugin alone: its code compiled, and the images of its slices made.
pub fn admission(host: &Host) {
    println!(
        "\n{:<22} {:>10} {:>14} {:>8} {:>16}",
        "admission, ms", "KiB", "compiled", "images", "and prepared"
    );
    for domain in host.catalog.domains() {
        let Some(plugin) = &domain.plugin else {
            continue;
        };
        let wasm = fs::read(plugins_dir().join(format!("{plugin}.wasm"))).unwrap();
        let sandbox = host::sandbox(&host.catalog, &config(&plugins_dir(), None));
        let _shared = sandbox.share_functions();
        let started = Instant::now();
        let component = {
            let limits = CompileLimits::of(domain, &host.catalog.limits(), &host.limits);
            sandbox.compile(&wasm, &limits).unwrap()
        };
        let compiled = started.elapsed();
        plugins::prepare(
            &sandbox,
            &component,
            &wasm,
            domain,
            &host.catalog,
            &host.limits,
        );
        println!(
            "{:<22} {:>10} {:>14.1} {:>8} {:>16.1}",
            domain.slug,
            wasm.len() >> 10,
            millis(compiled),
            component.images(),
            millis(started.elapsed()),
        );
    }
}

/// A start with an empty cache, then with the one that it leaves.
pub fn starts(host: &Host) {
    let directory = TempDir::new().unwrap();
    println!(
        "\n{:<22} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "start", "ms", "compiled", "cached", "prepared", "kept"
    );
    for kind in ["cold cache", "warm cache"] {
        let started = Instant::now();
        let config = config(directory.path(), None);
        let catalog = Arc::new(Catalog::load(&catalog_file()).unwrap());
        let cache =
            CodeCache::open(directory.path().join("cache"), b"a key of the benchmark").unwrap();
        let sandbox = host::sandbox(&catalog, &config).with_cache(cache);
        let registry = plugins::load(&sandbox, &plugins_dir(), &catalog, &host.limits, true);
        let took = started.elapsed();
        let count = |of: fn(&plugins::Plugin) -> usize| -> usize { registry_sum(&registry, of) };
        println!(
            "{kind:<22} {:>10.1} {:>10} {:>10} {:>10} {:>10}",
            millis(took),
            count(|plugin| usize::from(!plugin.component.cached())),
            count(|plugin| usize::from(plugin.component.cached())),
            count(|plugin| plugin.preparation.prepared),
            count(|plugin| plugin.preparation.kept),
        );
    }
    let size: u64 = fs::read_dir(directory.path().join("cache"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    println!("the cache has {} MiB", size >> 20);
}

/// The proof of each plugin, as an installation has it: every account that has the domain, at every instant of
/// the catalog, thrice, and the laws.
pub async fn proofs(host: &Host) {
    let data = TempDir::new().unwrap();
    let app = App::build(&config(data.path(), None)).await.unwrap();
    println!(
        "\n{:<22} {:>10} {:>10} {:>10}",
        "proof", "calls", "records", "ms"
    );
    for domain in host.catalog.domains() {
        let Some(plugin) = &domain.plugin else {
            continue;
        };
        let bytes = fs::read(plugins_dir().join(format!("{plugin}.wasm"))).unwrap();
        let asked = Install {
            seed: None,
            candidates: vec![Candidate {
                domain: domain.slug.clone(),
                bytes,
            }],
            by: "the benchmark".to_owned(),
            activate: false,
        };
        let installation = app.revisions.install(asked).await.unwrap();
        let proof = installation.proof;
        assert!(installation.difference.is_empty(), "{}", domain.slug);
        println!(
            "{:<22} {:>10} {:>10} {:>10.0}",
            domain.slug,
            proof.calls,
            proof.records,
            millis(proof.duration)
        );
    }
}

fn registry_sum(registry: &Registry, of: fn(&plugins::Plugin) -> usize) -> usize {
    registry.all_active().map(|plugin| of(plugin)).sum()
}

/// What the sandbox adds to a call: a plan for nothing, in a store of its own.
pub fn call_overhead(host: &Host, rounds: usize) {
    let account = host.catalog.accounts().next().unwrap();
    let setting = super::Setting::new(host, account);
    let scope = &setting.scopes()[0];
    let native = setting.places[0].natives.last().unwrap();
    let (component, _, limits) = host.component(native.domain);
    let context = setting.call_context(scope, native.domain);
    let mut calls = Figures::new();
    for round in 0..rounds * 25 + WARM_UP {
        let started = Instant::now();
        host.sandbox
            .plan_cleanup(component, &context, &[], &limits)
            .unwrap();
        if round >= WARM_UP {
            calls.add(started.elapsed());
        }
    }
    println!("\na call that does nothing: {calls} ms");
}

/// Runs a host that idles, in a process of its own: what it tells of its memory.
pub fn idle_memory() {
    let data = TempDir::new().unwrap();
    for kind in ["cold cache", "warm cache"] {
        let told = Command::new(std::env::current_exe().unwrap())
            .args([IDLE, data.path().to_str().unwrap()])
            .output()
            .unwrap();
        assert!(told.status.success(), "{told:?}");
        print!("{kind}: {}", String::from_utf8(told.stdout).unwrap());
    }
}

/// The host that idles.
pub async fn idle(data: &str) {
    let config = config(data.as_ref(), None);
    let app = App::build(&config).await.unwrap();
    let begun = resident_mib();
    let accounts: Vec<String> = Catalog::load(&catalog_file())
        .unwrap()
        .accounts()
        .map(|account| account.slug.clone())
        .collect();
    for account in accounts.iter().cycle().take(BEFORE) {
        let created = app.sessions.create(NewSession {
            account: account.clone(),
            session_created_at: None,
            virtual_tenant_id: None,
            key: None,
        });
        let session = created.await.unwrap().session;
        app.sessions.destroy(&session.session_id).await.unwrap();
    }
    println!(
        "an idle host has {begun} MiB resident, {} MiB after {BEFORE} sessions",
        resident_mib()
    );
}

/// `VmRSS` of this process.
fn resident_mib() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map_or_else(|| "?".to_owned(), |kib| (kib >> 10).to_string())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
