//! The server is a function of a listener, a router and a signal to stop.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long requests under way may take to end once the host is to stop.
const DRAIN: Duration = Duration::from_secs(30);

/// Serves until `shutdown` ends; then takes no new connection, lets the requests under way end,
/// and closes what is left after half a minute.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stopping, stopped) = watch::channel(false);
    let signal = async move {
        shutdown.await;
        // The receiver outlives the server, which outlives this.
        let _ = stopping.send(true);
    };
    let server = axum::serve(listener, router).with_graceful_shutdown(signal);
    tokio::select! {
        ended = server => ended,
        () = drained(stopped) => {
            tracing::warn!(drain_s = DRAIN.as_secs(), "requests that did not end were cut off");
            Ok(())
        }
    }
}

async fn drained(mut stopped: watch::Receiver<bool>) {
    // The sender ends without a word only with the server.
    let _ = stopped.wait_for(|stopping| *stopping).await;
    tokio::time::sleep(DRAIN).await;
}
