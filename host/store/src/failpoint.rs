//! Places where a test can hold a host, to kill or pause it there. They are in debug builds alone: a
//! release has none.
//!
//! `LEVAIN_FAILPOINT=commit_session:before` holds it for ever, `commit_session:before=1500` for so many
//! milliseconds; the log says that the place was reached.

/// The variable that names the place.
pub const VARIABLE: &str = "LEVAIN_FAILPOINT";

/// Waits here where the environment says so.
#[cfg(debug_assertions)]
pub async fn reach(place: &'static str) {
    use std::time::Duration;

    let Some(named) = named() else { return };
    let (name, millis) = match named.split_once('=') {
        Some((name, millis)) => (name, millis.parse().ok()),
        None => (named, None),
    };
    if name != place {
        return;
    }
    tracing::warn!(place, "held at a failpoint");
    match millis {
        Some(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
        None => std::future::pending().await,
    }
}

/// Nothing is ever held in a release.
#[cfg(not(debug_assertions))]
#[expect(clippy::unused_async, reason = "callers are the same in either build")]
pub async fn reach(_: &'static str) {}

#[cfg(debug_assertions)]
fn named() -> Option<&'static str> {
    static NAMED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    NAMED
        .get_or_init(|| std::env::var(VARIABLE).ok())
        .as_deref()
}
