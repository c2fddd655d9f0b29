//! Whether a host is seen to live while others ask for the worst: `/healthz` from an address of its own, beside
//! clients that send the worst filters, the longest URLs, answers that nobody reads and heads that never end.
//!
//! The host is a process of its own that serves the project's catalog over loopback. Each client has an address of
//! its own (127.0.1.n), so that none shares the bounds of another: the worst case for whoever shares the host with
//! them. Clients and probe take processors from the host, which on a machine of their own they would not.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;

use super::hosting::{catalog_file, plugins_dir};

/// The most that a probe may take under fire, at the 99th percentile.
const BOUND: Duration = Duration::from_millis(50);
/// Clients, each of which does all of it at once.
const CLIENTS: u8 = 16;
/// Answers that one client leaves unread, and heads that it leaves unfinished.
const UNREAD: usize = 12;
const UNFINISHED: usize = 4;
/// Time between two probes.
const PAUSE: Duration = Duration::from_millis(5);
/// Values of the worst filter, and of the worst that is served.
const VALUES: [usize; 2] = [5000, 100];

/// Measures; whether it stays within the bound. `program` is the host, where it is not this one.
pub fn run(quick: bool, program: Option<PathBuf>) -> bool {
    let time = Duration::from_secs(if quick { 5 } else { 20 });
    let host = Served::start(program);
    let target = Arc::new(Target::find(&host));
    println!(
        "\nthe largest listing is {} with {} records; {CLIENTS} clients, {} s each",
        target.entity,
        target.records,
        time.as_secs()
    );
    for _ in 0..200 {
        probe(host.address);
    }
    let calm = probes(host.address, time);
    let before = host.resident_kib();
    let over = Arc::new(AtomicBool::new(false));
    let counts = Arc::new(Counts::default());
    let clients = {
        let (target, over, counts) = (Arc::clone(&target), Arc::clone(&over), Arc::clone(&counts));
        let address = host.address;
        std::thread::spawn(move || attack(address, &target, &over, &counts))
    };
    // What is opened first is open before anything is measured.
    std::thread::park_timeout(Duration::from_secs(1));
    let fired_at = probes(host.address, time);
    let after = host.resident_kib();
    over.store(true, Ordering::Relaxed);
    clients.join().unwrap();
    let (calm, fired_at) = (Spread::of(calm), Spread::of(fired_at));
    println!("/healthz, ms        P50      P95      P99      most   probes");
    println!("idle           {calm}");
    println!("under fire     {fired_at}");
    println!("answered       {counts}");
    println!(
        "resident       {before} KiB before, {after} KiB under fire, {} KiB at most",
        host.peak_kib()
    );
    let within = fired_at.p99 <= BOUND;
    println!(
        "the P99 of /healthz under fire is {:.2} ms, {:.1} times that of an idle host; {} {} ms allowed",
        ms(fired_at.p99),
        fired_at.p99.as_secs_f64() / calm.p99.as_secs_f64(),
        if within { "at most" } else { "over the" },
        BOUND.as_millis(),
    );
    within
}

/// A host as a process.
struct Served {
    process: Child,
    address: SocketAddr,
    _data: TempDir,
}

impl Served {
    fn start(program: Option<PathBuf>) -> Self {
        let data = TempDir::new().unwrap();
        // A benchmark can be the host itself.
        let program = program.unwrap_or_else(|| std::env::current_exe().unwrap());
        let mut command = Command::new(program);
        command.arg("serve").args(["--listen", "127.0.0.1:0"]);
        command.arg("--catalog").arg(catalog_file());
        command.arg("--plugins").arg(plugins_dir());
        command.arg("--data-dir").arg(data.path());
        command.args(["--prepared-images", "false", "--log", "warn"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://");
        let address = address.unwrap_or_else(|| panic!("it does not serve: {line}"));
        Self {
            address: address.parse().unwrap(),
            process,
            _data: data,
        }
    }

    fn status(&self, name: &str) -> u64 {
        let status = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(status).unwrap_or_default();
        let mut lines = status.lines();
        let line = lines.find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        kib.unwrap_or(0)
    }

    fn resident_kib(&self) -> u64 {
        self.status("VmRSS:")
    }

    fn peak_kib(&self) -> u64 {
        self.status("VmHWM:")
    }

    fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> Value {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        serde_json::from_str(body).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What there is to be asked for: the entity with most records, and a field of it that is a number.
struct Target {
    entity: String,
    records: u64,
    path: String,
    token: String,
    field: String,
}

impl Target {
    fn find(host: &Served) -> Self {
        let accounts = host.call("GET", "/api/demo/accounts", "", &Value::Null);
        let accounts = accounts["accounts"].as_array().unwrap();
        let targets = accounts.iter().map(|account| {
            let body = json!({ "demo_account_type": account["demo_account_type"] });
            let session = host.call("POST", "/api/demo/sessions", "", &body);
            let own = session["virtual_tenant_id"].as_str().unwrap();
            let services = session["services"][own].as_object().unwrap();
            let entities = services.iter().flat_map(|(domain, service)| {
                let counts = service["records_cloned"].as_object().unwrap().iter();
                let counts = counts.filter(|(entity, _)| *entity != "total");
                counts.map(move |(entity, count)| {
                    (count.as_u64().unwrap(), format!("{domain}/{entity}"))
                })
            });
            let (records, entity) = entities.max().unwrap();
            let id = session["session_id"].as_str().unwrap();
            let token = session["credentials"]["access_token"]
                .as_str()
                .unwrap()
                .to_owned();
            let path = format!("/api/demo/sessions/{id}/data/{entity}");
            let page = host.call("GET", &format!("{path}?limit=1"), &token, &Value::Null);
            let fields = page["records"][0].as_object().unwrap().iter();
            let numbers = fields.filter(|(_, value)| value.is_number());
            let field = numbers.map(|(name, _)| name.clone());
            let field = field.min_by_key(String::len).unwrap();
            Self {
                entity,
                records,
                path,
                token,
                field,
            }
        });
        targets.max_by_key(|target| target.records).unwrap()
    }

    fn get(&self, query: &str) -> String {
        format!(
            "GET {}?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
            self.path, self.token
        )
    }
}

/// One look at whether the host lives, over a connection of its own.
fn probe(address: SocketAddr) -> Duration {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 200"),
        "the host does not live"
    );
    began.elapsed()
}

fn probes(address: SocketAddr, time: Duration) -> Vec<Duration> {
    let began = Instant::now();
    let mut took = Vec::new();
    while began.elapsed() < time {
        took.push(probe(address));
        std::thread::park_timeout(PAUSE);
    }
    took
}

/// What the attackers were answered.
#[derive(Default)]
struct Counts([AtomicUsize; 5]);

impl Counts {
    const NAMES: [&str; 5] = ["2xx", "400", "414", "429 and 503", "cut off"];

    fn add(&self, head: &[u8]) {
        let place = match head.get(9..12) {
            Some([b'2', ..]) => 0,
            Some(b"400") => 1,
            Some(b"414") => 2,
            Some(b"429" | b"503") => 3,
            _ => 4,
        };
        self.0[place].fetch_add(1, Ordering::Relaxed);
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, count) in Self::NAMES.iter().zip(&self.0) {
            write!(f, "{name}: {}  ", count.load(Ordering::Relaxed))?;
        }
        Ok(())
    }
}

/// All clients at once, until it is over.
fn attack(address: SocketAddr, target: &Arc<Target>, over: &Arc<AtomicBool>, counts: &Arc<Counts>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let filters = VALUES.map(|values| {
        let values = (0..values).map(|n| format!("{}={n}.5", target.field));
        target.get(&values.collect::<Vec<_>>().join("&"))
    });
    let longest = (0..32_000).map(|_| "a").collect::<Vec<_>>().join("&");
    let longest = target.get(&longest);
    let page = target.get("limit=1000");
    runtime.block_on(async {
        for client in 1..=CLIENTS {
            let from = Ipv4Addr::new(127, 0, 1, client);
            for request in filters.iter().chain([&longest]) {
                let (request, counts) = (request.clone(), Arc::clone(counts));
                tokio::spawn(async move {
                    loop {
                        ask(from, address, &request, &counts).await;
                    }
                });
            }
            for _ in 0..UNREAD {
                tokio::spawn(leave(from, address, page.clone()));
            }
            for _ in 0..UNFINISHED {
                tokio::spawn(leave(
                    from,
                    address,
                    "GET / HTTP/1.1\r\nHost: x\r\nA: ".to_owned(),
                ));
            }
        }
        while !over.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

async fn connect(
    from: Ipv4Addr,
    to: SocketAddr,
    room: Option<u32>,
) -> Option<tokio::net::TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    if let Some(room) = room {
        socket.set_recv_buffer_size(room).unwrap();
    }
    socket.bind((from, 0).into()).ok()?;
    socket.connect(to).await.ok()
}

/// Asks, and reads the answer.
async fn ask(from: Ipv4Addr, to: SocketAddr, request: &str, counts: &Counts) {
    let mut answer = Vec::new();
    if let Some(mut stream) = connect(from, to, None).await
        && stream.write_all(request.as_bytes()).await.is_ok()
    {
        // What came before it was cut off counts.
        let _ = stream.read_to_end(&mut answer).await;
    }
    counts.add(&answer);
}

/// Asks, and takes or sends a byte now and then; again, whenever the host has had enough.
async fn leave(from: Ipv4Addr, to: SocketAddr, request: String) {
    loop {
        let Some(mut stream) = connect(from, to, Some(2048)).await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let is_head = !request.ends_with("\r\n\r\n");
        if stream.write_all(request.as_bytes()).await.is_err() {
            continue;
        }
        let mut byte = [0];
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let goes_on = match is_head {
                true => stream.write_all(b"x").await.is_ok(),
                false => matches!(stream.read(&mut byte).await, Ok(1)),
            };
            if !goes_on {
                break;
            }
        }
    }
}

/// How long probes took.
struct Spread {
    p50: Duration,
    p95: Duration,
    p99: Duration,
    most: Duration,
    count: usize,
}

impl Spread {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |share: usize| times[times.len() * share / 100];
        Self {
            p50: at(50),
            p95: at(95),
            p99: at(99),
            most: times[times.len() - 1],
            count: times.len(),
        }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for time in [self.p50, self.p95, self.p99, self.most] {
            write!(f, "{:>9.2}", ms(time))?;
        }
        write!(f, "{:>9}", self.count)
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
