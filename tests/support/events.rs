//! A stream of Server-Sent Events, read as a browser reads it.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Response;
use futures_util::StreamExt as _;
use serde_json::Value;

/// Longer than anything takes that does not hang.
const DEADLINE: Duration = Duration::from_secs(60);

/// An open stream.
pub struct Events {
    stream: BodyDataStream,
    /// The `id` of the event that was read last; empty before the first.
    pub last_id: String,
}

impl Events {
    /// The stream that an answer is.
    pub fn of(response: Response<Body>) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self {
            stream: response.into_body().into_data_stream(),
            last_id: String::new(),
        }
    }

    /// The data of the next event; `None` where the stream has ended.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            let next = tokio::time::timeout(DEADLINE, self.stream.next());
            let chunk = next.await.unwrap()?.unwrap();
            let text = std::str::from_utf8(&chunk).unwrap();
            // Else a comment, which keeps the connection alive.
            let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
            if let Some(data) = field("data: ") {
                assert_eq!(
                    (field("event: "), field("retry: ")),
                    (Some("status"), Some("2000"))
                );
                field("id: ").unwrap().clone_into(&mut self.last_id);
                return Some(serde_json::from_str(data).unwrap());
            }
        }
    }

    /// The data of the first event that is as wanted, and of those before it.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut told = Vec::new();
        loop {
            let state = self
                .next()
                .await
                .unwrap_or_else(|| panic!("it ended: {told:#?}"));
            let found = wanted(&state);
            told.push(state);
            if found {
                return told;
            }
        }
    }
}
