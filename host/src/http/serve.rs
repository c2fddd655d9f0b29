//! The server is a function of a listener, a router and a signal to stop.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
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
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

/// How long requests under way may take to end once the host is to stop.
const DRAIN: Duration = Duration::from_secs(30);

/// How long a connection may take to send the head of its next request: a slow one, or one that nobody
/// uses any more, is closed.
const HEAD: Duration = Duration::from_secs(30);

/// Serves until `shutdown` ends; then takes no new connection, lets the requests under way end,
/// and closes what is left after half a minute.
pub async fn serve(mut listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        // It waits where the process has no more files to open, and goes on when it has.
        let accepted = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = &mut shutdown => break,
        };
        let (router, watcher) = (router.clone(), connections.watcher());
        tokio::spawn(serve_connection(accepted, router, HEAD, watcher));
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
    head: Duration,
    watcher: Watcher,
) {
    // An event is smaller than a segment, and is not to wait for another. Where the socket cannot be
    // told, it is served all the same.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        answer(router.clone(), request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection broke");
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
    async fn answered(router: Router, bytes: &[u8], head: Duration) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let connections = GracefulShutdown::new();
        let accepted = listener.accept().await.unwrap();
        let served = serve_connection(accepted, router, head, connections.watcher());
        client.write_all(bytes).await.unwrap();
        let mut text = String::new();
        tokio::join!(served, async {
            client.read_to_string(&mut text).await.unwrap()
        });
        text
    }

    #[tokio::test]
    async fn a_head_that_does_not_end_ends_the_connection() {
        let router = || Router::new().route("/", get(|| async { "whole" }));
        let soon = Duration::from_millis(20);
        let slow = answered(router(), b"GET / HTTP/1.1\r\nHost: x", soon).await;
        assert!(!slow.contains("whole"), "{slow}");
        // So does a connection that is not used again.
        let idle = answered(router(), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", soon).await;
        assert!(
            idle.starts_with("HTTP/1.1 200") && idle.ends_with("whole"),
            "{idle}"
        );
    }

    #[tokio::test]
    async fn a_request_knows_its_peer() {
        let tell =
            |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() };
        let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let told = answered(Router::new().route("/", get(tell)), request, HEAD).await;
        assert!(told.ends_with("127.0.0.1"), "{told}");
    }
}
