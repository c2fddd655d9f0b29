//! What visitors do to each other: work, memory and connections that one of them can take. Nothing here is timed:
//! what is counted is what is held.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::visit::read;
use crate::support::{ADMIN_KEY, Host, Puppets, TestApp, guests_dir, until};

/// The most that a host may hold over what it held before, whatever it is sent.
const SLACK_KIB: u64 = 64 << 10;
/// How long a connection may take to send a head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Threads for work that blocks.
const BLOCKING: usize = 2;

fn serve(flags: &[(&str, &str)]) -> (Host, [TempDir; 2]) {
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let catalog = Puppets::new().write(&files);
    let host = Host::serve_with(&catalog, &guests_dir(), data.path(), flags, &[]);
    (host, [files, data])
}

fn address(host: &Host) -> SocketAddr {
    host.url.trim_start_matches("http://").parse().unwrap()
}

/// The longest URL that any server reads: 32,000 parameters that there are not.
fn longest() -> String {
    let query = ["a"; 32_000].join("&");
    format!(
        "GET /api/demo/sessions?{query} HTTP/1.1\r\nHost: x\r\nX-Internal-API-Key: {}\r\n\r\n",
        crate::support::INTERNAL_KEY
    )
}

#[test]
fn unread_answers_to_the_longest_urls_hold_little() {
    let (host, _files) = serve(&[]);
    let before = host.resident_kib();
    let mut sockets = Vec::new();
    for _ in 0..200 {
        let mut socket = TcpStream::connect(address(&host)).unwrap();
        socket.write_all(longest().as_bytes()).unwrap();
        sockets.push(socket);
    }
    // The first byte of each answer: then it is made, and held as long as the rest is not read.
    let mut byte = [0];
    for socket in &mut sockets {
        socket.read_exact(&mut byte).unwrap();
    }
    let held = host.resident_kib().saturating_sub(before);
    assert!(held < SLACK_KIB, "{held} KiB");
    let mut socket = sockets.pop().unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        socket.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("TTP/1.1 414"), "{answer}");
    assert!(answer.len() < 2048, "{}", answer.len());
}

#[test]
fn a_full_host_answers_its_next_caller() {
    let (host, _files) = serve(&[("--connections", "16")]);
    let mut idle: Vec<TcpStream> = (0..60)
        .map(|_| TcpStream::connect(address(&host)).unwrap())
        .collect();
    assert_eq!(host.get("/healthz").0, 200);
    for socket in &idle {
        socket.set_nonblocking(true).unwrap();
    }
    // The host closes what is too much, without having sent anything.
    let begun = Instant::now();
    until("the others are closed", || {
        let is_open = |socket: &mut TcpStream| {
            let read = socket.read(&mut [0]);
            read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
        };
        let open = idle
            .iter_mut()
            .filter_map(|socket| is_open(socket).then_some(()))
            .count();
        (open < 16).then_some(())
    });
    assert!(
        begun.elapsed() < HEAD_TIMEOUT / 2,
        "they were closed because their heads did not come"
    );
    assert_eq!(host.get("/healthz").0, 200);
}

#[test]
fn a_body_of_nothing_but_brackets_holds_little() {
    let (host, _files) = serve(&[]);
    let before = host.resident_kib();
    let body = format!(
        r#"{{"components":{{"lead":[{}[]]}}}}"#,
        "[],".repeat(16 << 20)
    );
    let mut socket = TcpStream::connect(address(&host)).unwrap();
    let head = format!(
        "PUT /api/plugins HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Admin-API-Key: {ADMIN_KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).unwrap();
    socket.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(
        answer.contains("must be the component in base64"),
        "{answer}"
    );
    let held = host.peak_kib().saturating_sub(before);
    assert!(held < SLACK_KIB, "{held} KiB");
}

#[test]
fn selection_leaves_the_async_threads_free() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(BLOCKING)
        .enable_all()
        .build()
        .unwrap();
    let hosting = Puppets::new().load().hosting;
    runtime.block_on(async {
        let app = TestApp::over(&hosting).await;
        let session = app.create("show").await.expect(200);
        let id = session["session_id"].as_str().unwrap();
        let status = format!("/api/demo/sessions/{id}/status");
        // Every thread for work that blocks is taken.
        let (release, released) = mpsc::channel::<()>();
        let released = std::sync::Arc::new(std::sync::Mutex::new(released));
        let busy: Vec<_> = (0..BLOCKING)
            .map(|_| {
                let released = std::sync::Arc::clone(&released);
                tokio::task::spawn_blocking(move || released.lock().unwrap().recv().unwrap())
            })
            .collect();
        let filters: Vec<String> = (0..100).map(|n| format!("id={n}")).collect();
        let query = format!("lead/note?{}", filters.join("&"));
        let listing = read(&app, &session, &query);
        tokio::pin!(listing);
        // The listing waits for one of them, and the host answers all the while.
        for _ in 0..200 {
            assert!(futures_util::poll!(&mut listing).is_pending());
            app.get("/healthz").await.expect(200);
            // The store answers this, so by now it has answered the listing as well: only the selection is left.
            app.get(&status).await.expect(200);
        }
        for _ in &busy {
            release.send(()).unwrap();
        }
        let page = listing.await.expect(200);
        assert_eq!((&page["total"], &page["records"]), (&json!(0), &json!([])));
    });
}
