//! Components in a request's body: one as it is, or several in JSON. The body is read as it comes, and no more of
//! it is held than what is made of it.

use std::io::{self, BufReader, Read};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use super::body::{is_json, too_large, too_slow, unreadable, unsupported};
use crate::http::HttpState;
use crate::http::problem::Problem;

/// How long a client may take to send components.
const READ_WITHIN: Duration = Duration::from_secs(300);

/// Parts of a body that are read before the ones before them are parsed.
const AHEAD: usize = 2;

/// Bytes that the parser asks for at a time.
const PARSED_AT_ONCE: usize = 64 << 10;

/// A body that may be as large as components are; it is read when it is asked for.
#[derive(Debug)]
pub(in crate::http) struct ComponentBody {
    body: Body,
    headers: HeaderMap,
}

impl FromRequest<HttpState> for ComponentBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &HttpState) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let headers = parts.headers;
        Ok(Self { body, headers })
    }
}

impl ComponentBody {
    /// One component, as it is.
    ///
    /// # Errors
    /// 400, 408, 413.
    pub(in crate::http) async fn component(self, state: &HttpState) -> Result<Vec<u8>, Problem> {
        let said = self.headers.get(header::CONTENT_LENGTH);
        let said = said.and_then(|length| length.to_str().ok()?.parse().ok());
        let most = state.largest_component;
        let mut component = Vec::with_capacity(most.min(said.unwrap_or(0)));
        in_time(async {
            let mut parts = Parts::of(self.body, most);
            while let Some(part) = parts.next().await? {
                component.extend_from_slice(&part);
            }
            Ok(component)
        })
        .await
    }

    /// JSON with components in it, which `parse` reads as it comes, off the async threads.
    ///
    /// # Errors
    /// 408, 413, 415, and those of `parse`.
    pub(in crate::http) async fn parse<T: Send + 'static>(
        self,
        state: &HttpState,
        parse: impl FnOnce(&mut dyn Read) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        if !is_json(&self.headers) {
            return Err(unsupported());
        }
        let (sender, parts) = mpsc::channel(AHEAD);
        let parsed = tokio::task::spawn_blocking(move || {
            let received = Received {
                parts,
                part: Bytes::new(),
            };
            parse(&mut BufReader::with_capacity(PARSED_AT_ONCE, received))
        });
        let mut parts = Parts::of(self.body, state.largest_plugins_body());
        in_time(async {
            while let Some(part) = parts.next().await? {
                if sender.send(part).await.is_err() {
                    // The parser has found a fault: what follows cannot mend it.
                    break;
                }
            }
            Ok(())
        })
        .await?;
        drop(sender);
        parsed.await.map_err(|error| {
            tracing::error!(%error, "a body was not parsed");
            Problem::internal()
        })?
    }
}

async fn in_time<T>(read: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let read = tokio::time::timeout(READ_WITHIN, read).await;
    read.unwrap_or_else(|_| Err(too_slow(READ_WITHIN)))
}

/// The parts of a body, up to a bound.
struct Parts {
    stream: BodyDataStream,
    most: usize,
    left: usize,
}

impl Parts {
    fn of(body: Body, most: usize) -> Self {
        Self {
            stream: body.into_data_stream(),
            most,
            left: most,
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let Some(part) = self.stream.next().await else {
            return Ok(None);
        };
        let part = part.map_err(|_| unreadable())?;
        let left = self.left.checked_sub(part.len());
        self.left = left.ok_or_else(|| too_large(Some(self.most)))?;
        Ok(Some(part))
    }
}

/// The parts that were received, as a reader on a thread that may wait for them.
struct Received {
    parts: mpsc::Receiver<Bytes>,
    part: Bytes,
}

impl Read for Received {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.part.is_empty() {
            match self.parts.blocking_recv() {
                Some(part) => self.part = part,
                None => return Ok(0),
            }
        }
        let taken = self.part.split_to(into.len().min(self.part.len()));
        let mut taken = &*taken;
        taken.read(into)
    }
}
