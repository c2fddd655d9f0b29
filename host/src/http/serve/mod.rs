//! The server is a function of a listener, a router, bounds and a signal to stop.

mod connections;
mod progress;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tower::ServiceExt as _;

use connections::{Connection, Connections};
use progress::Watched;

/// How long requests under way may take to end once the host is to stop.
const DRAIN: Duration = Duration::from_secs(30);

/// How long a connection may take to send the head of its next request: a slow one, or one that nobody
/// uses any more, is closed.
const HEAD: Duration = Duration::from_secs(30);

/// How long a client may take for [`progress`] in an answer that it does not read.
const WRITE: Duration = Duration::from_secs(20);

/// Bytes of a request's head that are kept while it comes, and of an answer that is written at once.
const BUFFER: usize = 64 << 10;

/// Bytes of an answer that the system keeps for a client that does not read: it would keep megabytes of each.
const SENT_AHEAD: u32 = 256 << 10;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// File descriptors reserved for everything but connections: stores, caches, components, temporary files.
const OTHER_FILES: usize = 256;

/// What connections may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeBounds {
    connections: usize,
    head: Duration,
    write: Duration,
}

impl ServeBounds {
    /// At most `connections` at once, or as many as the process may have files open for.
    #[must_use]
    pub fn new(connections: usize) -> Self {
        let files = open_files(connections + OTHER_FILES);
        let most = files.saturating_sub(OTHER_FILES).max(1);
        if most < connections {
            tracing::warn!(
                connections,
                most,
                files,
                "the process may open too few files for so many connections"
            );
        }
        Self {
            connections: connections.min(most),
            head: HEAD,
            write: WRITE,
        }
    }
}

/// How many files the process may open, once it has asked the system for `wanted`.
#[cfg(unix)]
fn open_files(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
    let limit = getrlimit(Resource::Nofile);
    let mut files = limit.current.unwrap_or(u64::MAX);
    if files < wanted {
        let more = limit.maximum.map_or(wanted, |most| wanted.min(most));
        let raised = Rlimit {
            current: Some(more),
            maximum: limit.maximum,
        };
        if more > files && setrlimit(Resource::Nofile, raised).is_ok() {
            files = more;
        }
    }
    usize::try_from(files).unwrap_or(usize::MAX)
}

/// The system does not say.
#[cfg(not(unix))]
const fn open_files(wanted: usize) -> usize {
    wanted
}

/// Listens at an address, for [`serve`].
///
/// # Errors
/// Where the address is taken, or is none of this machine.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // As a listener of the standard library has it; on Windows it would mean another thing.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    // Connections inherit it.
    socket.set_send_buffer_size(SENT_AHEAD)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `shutdown` ends. Then accepts no connection, waits for the requests under way, and closes the
/// remaining connections after half a minute.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    bounds: ServeBounds,
    shutdown: impl Future<Output = ()>,
) {
    let open = Connections::new(bounds.connections);
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        // Waits while the process has no free file descriptor.
        let accepted = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = &mut shutdown => break,
        };
        let place = open.enter(accepted.1.ip());
        let (router, watcher) = (router.clone(), connections.watcher());
        tokio::spawn(async move {
            serve_connection(accepted, router, bounds, (place, watcher)).await;
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!(
            drain_s = DRAIN.as_secs(),
            "requests that did not end were cut off"
        );
    }
}

/// Serves one connection, whose requests know where they come from.
async fn serve_connection(
    (stream, peer): (TcpStream, SocketAddr),
    router: Router,
    bounds: ServeBounds,
    (mut place, watcher): (Connection, Watcher),
) {
    // An event is smaller than a segment, and is not to wait for another. Where the socket cannot be
    // told, it is served all the same.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        answer(router.clone(), request)
    });
    // Where it cannot be told either, the system forgets a little later.
    let forget = |stream: &TcpStream| drop(stream.set_zero_linger());
    let stream = Watched::new(stream, Arc::clone(&place.moved), bounds.write, forget);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        served = watcher.watch(connection) => {
            if let Err(error) = served {
                tracing::debug!(%error, "a connection broke");
            }
        }
        // Another connection takes its place.
        _ = &mut place.closed => {}
    }
}

async fn answer(router: Router, request: Request) -> Result<Response, Infallible> {
    router.oneshot(request).await
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// What a router answers to these bytes, until it closes the connection.
    async fn answered(router: Router, bytes: &[u8], bounds: ServeBounds) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let connections = GracefulShutdown::new();
        let accepted = listener.accept().await.unwrap();
        let place = Connections::new(1).enter(accepted.1.ip());
        let served = serve_connection(accepted, router, bounds, (place, connections.watcher()));
        client.write_all(bytes).await.unwrap();
        let mut text = String::new();
        tokio::join!(served, async {
            client.read_to_string(&mut text).await.unwrap()
        });
        text
    }

    #[tokio::test]
    async fn incomplete_head_closes_the_connection() {
        let router = || Router::new().route("/", get(|| async { "whole" }));
        let soon = ServeBounds {
            head: Duration::from_millis(20),
            ..ServeBounds::new(1)
        };
        let slow = answered(router(), b"GET / HTTP/1.1\r\nHost: x", soon).await;
        assert!(!slow.contains("whole"), "{slow}");
        // So does a connection that is not used again.
        let idle = answered(router(), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", soon).await;
        assert!(
            idle.starts_with("HTTP/1.1 200") && idle.ends_with("whole"),
            "{idle}"
        );
    }

    /// Longer than anything takes that does not hang.
    const DEADLINE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn unread_response_closes_the_connection() {
        let bounds = ServeBounds {
            write: Duration::from_millis(20),
            ..ServeBounds::new(1)
        };
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(address).await.unwrap();
        let accepted = listener.accept().await.unwrap();
        // More than the system takes for a client.
        let large = Router::new().route("/", get(|| async { vec![0_u8; 32 << 20] }));
        let place = Connections::new(1).enter(accepted.1.ip());
        let connections = GracefulShutdown::new();
        let served = serve_connection(accepted, large, bounds, (place, connections.watcher()));
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        tokio::time::timeout(DEADLINE, served).await.unwrap();
        // What the system had taken is forgotten as well.
        let mut rest = Vec::new();
        let reset = client.read_to_end(&mut rest).await.unwrap_err();
        assert_eq!(reset.kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn unread_body_does_not_hold_the_connection() {
        let router = Router::new().route("/", get(|| async { "whole" }));
        let soon = ServeBounds {
            head: Duration::from_millis(20),
            ..ServeBounds::new(1)
        };
        let trickle = b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx";
        let answer = answered(router, trickle, soon);
        let answer = tokio::time::timeout(DEADLINE, answer).await.unwrap();
        assert!(answer.ends_with("whole"), "{answer}");
    }

    #[tokio::test]
    async fn request_has_its_peer_address() {
        let tell =
            |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() };
        let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let told = answered(
            Router::new().route("/", get(tell)),
            request,
            ServeBounds::new(1),
        )
        .await;
        assert!(told.ends_with("127.0.0.1"), "{told}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn stop_lets_requests_under_way_end() {
        let (arrived, mut has_arrived) = tokio::sync::mpsc::channel::<()>(1);
        let (go, gone) = tokio::sync::watch::channel(false);
        let slow = move || {
            let (arrived, mut gone) = (arrived.clone(), gone.clone());
            async move {
                arrived.send(()).await.unwrap();
                gone.wait_for(|go| *go).await.unwrap();
                "done"
            }
        };
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let router = Router::new().route("/", get(slow));
        let server = tokio::spawn(serve(listener, router, ServeBounds::new(16), async move {
            stopped.await.unwrap();
        }));
        let mut client = TcpStream::connect(address).await.unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        has_arrived.recv().await.unwrap();
        stop.send(()).unwrap();
        go.send(true).unwrap();
        let mut text = String::new();
        let read = tokio::time::timeout(DEADLINE, client.read_to_string(&mut text));
        read.await.unwrap().unwrap();
        assert!(text.ends_with("done"), "{text}");
        server.await.unwrap();
    }
}
