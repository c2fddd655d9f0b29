//! Bounds what one client may read, before anything is looked up for it. The holder of the internal key is not
//! counted, but waits for its turn like everybody.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

use crate::http::HttpState;
use crate::http::client::ClientRead;
use crate::http::extract::TriedKey;
use crate::http::problem::Problem;

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cost {
    /// It is bounded elsewhere, or must always be answered.
    None,
    /// It counts; its answer takes as long as it likes.
    Stream,
    /// It counts until its answer is sent.
    Answer,
    /// The same, and it waits for its turn.
    Turn,
}

/// Bounds reads.
pub(in crate::http) async fn bound_reads(
    State(state): State<HttpState>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let cost = cost(&request);
    if cost == Cost::None {
        return Ok(next.run(request).await);
    }
    let tried = TriedKey::of(request.extensions(), request.headers(), &state);
    let mut read = None;
    if !tried.is_some_and(TriedKey::is_right) {
        let headers = request.headers();
        let client = state.proxies.client_of(request.extensions(), headers);
        state.reads.count(client)?;
        if cost != Cost::Stream {
            read = Some(state.reads.admit(client)?);
        }
    }
    let turn = match cost {
        Cost::Turn => Some(state.reads.turn(read.as_ref()).await?),
        _ => None,
    };
    // The handler asks for both again.
    let extensions = request.extensions_mut();
    extensions.insert(turn.clone());
    tried.map(|tried| extensions.insert(tried));
    let answer = next.run(request).await;
    drop(turn);
    Ok(match read {
        Some(read) => answer.map(|body| Body::new(CountedBody { body, _read: read })),
        None => answer,
    })
}

fn cost(request: &Request) -> Cost {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Cost::None;
    }
    let path = request.extensions().get::<MatchedPath>();
    match path.map(MatchedPath::as_str) {
        // Whoever asks whether the host lives must be told under any load.
        Some("/healthz") => Cost::None,
        Some(path) if path.ends_with("/events") => Cost::Stream,
        Some(path) if reads_records(path) => Cost::Turn,
        // Also what says how the store is, where every read waits for it.
        _ => Cost::Answer,
    }
}

/// Whether a route reads sessions or their records.
fn reads_records(path: &str) -> bool {
    let rooms = ["/api/demo/sessions", "/alerts", "/services/"];
    rooms.iter().any(|room| path.starts_with(room))
}

/// An answer's body, which counts as one of its client's until it is sent or dropped.
struct CountedBody {
    body: Body,
    _read: ClientRead,
}

impl HttpBody for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
