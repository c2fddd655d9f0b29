use std::io::{Read as _, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::http::testing::{Desk, Trouble};
use crate::http::{ServeBounds, serve};

#[tokio::test]
async fn health_and_readiness_are_two_questions() {
    let desk = Desk::new();
    assert_eq!(desk.get("/healthz").await.status, 200);
    assert_eq!(desk.get("/readyz").await.json()["status"], "ready");
    let down = Desk::new().in_trouble(Trouble::Store);
    assert_eq!(down.get("/healthz").await.status, 200);
    down.get("/readyz").await.refusal(503, "store_unavailable");
    let unserved = Desk::new()
        .in_trouble(Trouble::Required)
        .get("/readyz")
        .await;
    assert_eq!(
        unserved.refusal(503, "not_ready")["detail"],
        "no plugin serves `shelving`"
    );
    Desk::new()
        .in_trouble(Trouble::Stopping)
        .get("/readyz")
        .await
        .refusal(503, "stopping");
}

#[tokio::test]
async fn a_request_has_a_name() {
    let desk = Desk::new();
    let name = |answer: crate::http::testing::Answer| {
        answer.headers["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(
        name(
            desk.call("GET", "/healthz", &[("x-request-id", "reader-7")], "")
                .await
        ),
        "reader-7"
    );
    let made = name(desk.get("/healthz").await);
    assert_ne!(name(desk.get("/nowhere").await), made);
    assert_eq!(made.len(), 36);
    for spoilt in ["a b", "<script>", &"x".repeat(129)] {
        assert_eq!(
            name(
                desk.call("GET", "/healthz", &[("x-request-id", spoilt)], "")
                    .await
            )
            .len(),
            36
        );
    }
}

#[tokio::test]
async fn nothing_is_kept_sniffed_or_passed_on() {
    let desk = Desk::new();
    for path in [
        "/healthz",
        "/nowhere",
        "/api/demo/accounts",
        "/api/demo/sessions/demo_0",
    ] {
        let headers = desk.get(path).await.headers;
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(
            headers["content-security-policy"],
            "default-src 'none'; frame-ancestors 'none'"
        );
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_holds_no_capability() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .finish();
    // While there is one dispatcher alone, a thread without it may switch a call site off for all.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let guard = tracing::subscriber::set_default(subscriber);
    let desk = Desk::new();
    let session = desk.create().await;
    let id = session["session_id"].as_str().unwrap();
    desk.get(&format!("/api/demo/sessions/{id}/status")).await;
    desk.get(&format!("/api/demo/sessions/{id}/elsewhere"))
        .await;
    desk.read(&session, &session, "shelving/book?limit=0").await;
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for expected in [
        "method=GET",
        "route=\"/api/demo/sessions/{session_id}/status\"",
        "route=\"none\"",
        "status=400",
        "latency_ms=",
        &crate::sessions::redacted(id),
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    for secret in [id, session["credentials"]["access_token"].as_str().unwrap()] {
        assert!(!text.contains(secret), "{text}");
    }
}

/// Requests under way end; the server then ends by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_lets_requests_end() {
    let (arrived, mut has_arrived) = tokio::sync::mpsc::channel::<()>(1);
    let (go, gone) = tokio::sync::watch::channel(false);
    let router = Router::new().route(
        "/slow",
        get(move || {
            let (arrived, mut gone) = (arrived.clone(), gone.clone());
            async move {
                arrived.send(()).await.unwrap();
                gone.wait_for(|go| *go).await.unwrap();
                "done"
            }
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, router, ServeBounds::new(16), async move {
        stopped.await.unwrap();
    }));
    let client = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream
            .write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    });
    has_arrived.recv().await.unwrap();
    stop.send(()).unwrap();
    go.send(true).unwrap();
    assert!(client.await.unwrap().ends_with("done"));
    server.await.unwrap();
}
