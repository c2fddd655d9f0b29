//! Everything hostile at once, over and over, against one host that has good visitors meanwhile.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{handmade, misbehaviour};
use crate::support::{Candidate, Host, Puppets, Store, candidates, guests_dir, laborious, until};

/// How often every attack is made.
const TIMES: usize = 20;
/// Attackers at once.
const ATTACKERS: usize = 2;
/// The most that the host may hold afterwards over what it held before.
const SLACK_KIB: u64 = 64 << 10;
/// The most bytes of an answer to a creation, and of what the ledger keeps of a session's tenant.
const LARGEST_ANSWER: usize = 48 << 10;
const LARGEST_ROW: i64 = 20 << 10;
/// What one that never ends may take: nobody here waits for it for long.
const SHORT_MS: u32 = 60;
/// What the others may take: they end by themselves, on a busy machine as well.
const LONG_MS: u32 = 20_000;

/// An account whose optional domain is hostile, and how that must be reported.
struct Attack {
    what: String,
    account: String,
    domain: String,
    code: &'static str,
    said: String,
}

/// A catalog of good domains and hostile ones, and what there is to be done with it.
struct Siege {
    catalog: PathBuf,
    plugins: PathBuf,
    attacks: Vec<Attack>,
    /// The bytes of the largest answer so far.
    largest_answer: AtomicUsize,
    _files: TempDir,
}

impl Siege {
    fn new() -> Self {
        let files = TempDir::new().unwrap();
        let plugins = files.path().join("plugins");
        fs::create_dir_all(&plugins).unwrap();
        let puppet = guests_dir().join("puppet.wasm");
        fs::copy(puppet, plugins.join("puppet.wasm")).unwrap();
        let mut puppets = Puppets::new().with_timeout_ms(LONG_MS);
        let mut attacks = Vec::new();
        let mut attack = |puppets: &mut Puppets, domain: &str, how: &str, what, code, said| {
            let account = format!("attack_{}", attacks.len());
            puppets.add_account(&account, domain, how);
            attacks.push(Attack {
                what,
                account,
                domain: domain.to_owned(),
                code,
                said,
            });
        };
        let limit = |code: &str| if code == "timeout" { SHORT_MS } else { LONG_MS };
        puppets.add_domain("endless", "puppet", SHORT_MS, "");
        puppets.add_domain("hostile", "puppet", LONG_MS, "");
        for case in misbehaviour::CASES {
            let domain = if case.code == "timeout" {
                "endless"
            } else {
                "hostile"
            };
            let what = case.behaviour.to_owned();
            attack(
                &mut puppets,
                domain,
                case.behaviour,
                what,
                case.code,
                String::new(),
            );
        }
        for (place, case) in handmade::cases().into_iter().enumerate() {
            let name = format!("handmade_{place}");
            fs::write(
                plugins.join(format!("{name}.wasm")),
                case.component.encode(),
            )
            .unwrap();
            puppets.add_domain(&name, &name, limit(case.code), "");
            attack(
                &mut puppets,
                &name,
                "honest",
                case.what.to_owned(),
                case.code,
                String::new(),
            );
        }
        for (place, case) in candidates().into_iter().chain(laborious_ones()).enumerate() {
            let name = format!("candidate_{place}");
            fs::write(plugins.join(format!("{name}.wasm")), &case.bytes).unwrap();
            puppets.add_domain(&name, &name, SHORT_MS, case.limits);
            attack(
                &mut puppets,
                &name,
                "honest",
                case.what,
                "plugin_not_active",
                case.said,
            );
        }
        Self {
            catalog: puppets.write(&files),
            plugins,
            attacks,
            largest_answer: AtomicUsize::new(0),
            _files: files,
        }
    }

    /// Makes every attack so many times, from several sides, each time another one; what was reported
    /// otherwise than it must be. Good visitors come and go until it is over; how long they waited. The
    /// sessions of the last time stay.
    fn lay(&self, host: &Host, times: usize) -> (BTreeSet<String>, Vec<Duration>) {
        let (next, over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let otherwise = Mutex::new(BTreeSet::new());
        let waits = std::thread::scope(|threads| {
            let good = threads.spawn(|| {
                let mut waits = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    waits.push(visit(host));
                }
                waits
            });
            let attackers: Vec<_> = (0..ATTACKERS)
                .map(|_| {
                    threads.spawn(|| {
                        loop {
                            let turn = next.fetch_add(1, Ordering::Relaxed);
                            if turn >= times * self.attacks.len() {
                                break;
                            }
                            let attack = &self.attacks[turn % self.attacks.len()];
                            let stays = turn / self.attacks.len() == times - 1;
                            let (answer_bytes, otherwise_told) = attack.make(host, stays);
                            self.largest_answer
                                .fetch_max(answer_bytes, Ordering::Relaxed);
                            if let Some(told) = otherwise_told {
                                otherwise.lock().unwrap().insert(told);
                            }
                        }
                    })
                })
                .collect();
            let ended: Vec<_> = attackers.into_iter().map(|one| one.join()).collect();
            over.store(true, Ordering::Relaxed);
            let waits = good.join().unwrap();
            assert!(ended.iter().all(Result::is_ok));
            waits
        });
        (otherwise.into_inner().unwrap(), waits)
    }
}

/// Two that take a compiler to its limits.
fn laborious_ones() -> impl Iterator<Item = Candidate> {
    let one = |what: &str, limits, said: &str| Candidate {
        what: what.to_owned(),
        bytes: laborious(2000, 4000),
        limits,
        refused_as: |_| true,
        said: said.to_owned(),
    };
    [
        one("compiles slowly", "compile_ms = 200", "compile_ms"),
        one(
            "compiles large",
            "compile_memory_mib = 128",
            "compile_memory_mib",
        ),
    ]
    .into_iter()
}

impl Attack {
    /// Makes it; the bytes of the answer, and what was reported, where that is not what has to be.
    fn make(&self, host: &Host, stays: bool) -> (usize, Option<String>) {
        let (status, session) = create(host, &self.account);
        if !stays {
            delete(host, &session);
        }
        let services = &session["services"][session["virtual_tenant_id"].as_str().unwrap_or("")];
        let error = &services[&self.domain]["error"];
        let right = status == 200
            && session["status"] == "PARTIAL"
            && services["lead"]["status"] == "completed"
            // One that hits its limit again and again is not called for a while, and the limit is named all the same.
            && (error["code"] == self.code
                || error["code"] == "circuit_open"
                    && error["message"].as_str().is_some_and(|told| told.contains(self.code)))
            && error["message"]
                .as_str()
                .is_some_and(|told| told.contains(&self.said));
        let otherwise =
            (!right).then(|| format!("{}: {status} {} {error}", self.what, session["status"]));
        (session.to_string().len(), otherwise)
    }
}

fn create(host: &Host, account: &str) -> (u16, Value) {
    let body = json!({"demo_account_type": account});
    host.call(Method::POST, "/api/demo/sessions", &[], &body)
}

/// A good visitor: a session that must be READY, and goes again; how long it took to be there.
fn visit(host: &Host) -> Duration {
    let begun = Instant::now();
    let (status, session) = create(host, "show");
    let waited = begun.elapsed();
    assert_eq!(
        (status, &session["status"]),
        (200, &json!("READY")),
        "{session:#}"
    );
    delete(host, &session);
    waited
}

fn delete(host: &Host, session: &Value) {
    let path = format!(
        "/api/demo/sessions/{}",
        session["session_id"].as_str().unwrap()
    );
    let (status, gone) = host.call(Method::DELETE, &path, &[], &Value::Null);
    assert!(status < 300, "{gone:#}");
}

/// The wait that one in twenty exceeds.
fn p95(mut waits: Vec<Duration>) -> Duration {
    waits.sort();
    waits[waits.len() * 95 / 100]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_outlives_everything_hostile_at_once() {
    let siege = Siege::new();
    let data = TempDir::new().unwrap();
    let store = Store::make(data.path()).await;
    let flags = [
        ("--database-url", store.url.as_str()),
        ("--creations-per-minute", "0"),
        ("--log", "off"),
    ];
    let host = Host::serve_with(&siege.catalog, &siege.plugins, data.path(), &flags, &[]);

    // Warm: what is used once and kept is no leak.
    let (otherwise, _) = siege.lay(&host, 1);
    assert!(otherwise.is_empty(), "reported otherwise: {otherwise:#?}");
    let calm = p95((0..60).map(|_| visit(&host)).collect());
    let before = host.resident_kib();
    let begun = Instant::now();
    let (otherwise, waits) = siege.lay(&host, TIMES - 1);
    let took = begun.elapsed();
    assert!(otherwise.is_empty(), "reported otherwise: {otherwise:#?}");

    let peak = host.resident_kib();
    // How long a good visitor waits is the machine's matter as well: the benchmark judges it.
    println!(
        "{} attacks {} times, the largest answer {} bytes, in {took:.1?}; {} good visitors, P95 {:.1?} after {calm:.1?}; {before} KiB before, {peak} after",
        siege.attacks.len(),
        TIMES - 1,
        siege.largest_answer.load(Ordering::Relaxed),
        waits.len(),
        p95(waits),
    );
    until("memory is given back", || {
        (host.resident_kib() <= before + SLACK_KIB).then_some(())
    });
    let largest_answer = siege.largest_answer.load(Ordering::Relaxed);
    assert!(
        largest_answer <= LARGEST_ANSWER,
        "an answer of {largest_answer} bytes"
    );
    // It lives, and is as good as before.
    let (status, last) = create(&host, "show");
    assert_eq!(
        (status, &last["status"]),
        (200, &json!("READY")),
        "{last:#}"
    );
    assert_eq!(host.stop().0, Some(0));

    let database = store.open().await;
    let strange = "SELECT count(*) FROM segments WHERE domain NOT IN ('lead', 'extra')";
    assert_eq!(
        database.number(strange).await,
        0,
        "something hostile is kept"
    );
    let foreign = "SELECT count(*) FROM segments WHERE tenant_id NOT IN \
                   (SELECT tenant_id FROM demo_tenants WHERE NOT released)";
    assert_eq!(database.number(foreign).await, 0, "something is nobody's");
    let ledger =
        "SELECT CAST(max(length(services) + length(triggers)) AS bigint) FROM demo_tenants";
    let largest_row = database.number(ledger).await;
    assert!(
        largest_row <= LARGEST_ROW,
        "the ledger keeps {largest_row} bytes of a tenant"
    );
    let claimed = "SELECT count(*) FROM segments WHERE rows LIKE '%00000000dead%'";
    assert_eq!(
        database.number(claimed).await,
        0,
        "something claims to be another's"
    );
    // Of every session that is there (those of two last times): what behaved in it, and of the last one both.
    let sessions = i64::try_from(siege.attacks.len() * 2).unwrap();
    let kept = database.number("SELECT count(*) FROM segments").await;
    assert_eq!(kept, sessions + 2);
}
