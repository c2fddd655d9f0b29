//! Bounds the open streams: of all clients, of one client, and of one session. An open stream polls the row of its
//! session.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::client::{Share, Shares, network};
use crate::http::problem::Problem;

/// How many streams may be open at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamBounds {
    /// Of all clients.
    pub most: usize,
    /// Of one client address, and as many of one session.
    pub share: usize,
}

/// Admits streams. Cheap to clone.
#[derive(Debug, Clone)]
pub struct EventStreams(Arc<Places>);

#[derive(Debug)]
struct Places {
    all: Arc<Semaphore>,
    clients: Shares<IpAddr>,
    sessions: Shares<String>,
}

/// The place of one stream, returned on drop.
#[derive(Debug)]
#[expect(dead_code, reason = "held")]
pub(in crate::http) struct Place {
    client: Option<Share<IpAddr>>,
    session: Share<String>,
    place: OwnedSemaphorePermit,
}

impl EventStreams {
    #[must_use]
    pub fn new(bounds: StreamBounds) -> Self {
        Self(Arc::new(Places {
            all: Arc::new(Semaphore::new(bounds.most)),
            clients: Shares::new(bounds.share),
            sessions: Shares::new(bounds.share),
        }))
    }

    /// Takes a place for one stream of a session; `client` is the address to count, if any.
    ///
    /// # Errors
    /// 429 if the client or the session has its share; 503 if every place is taken.
    pub(in crate::http) fn take(
        &self,
        client: Option<IpAddr>,
        session_id: &str,
    ) -> Result<Place, Problem> {
        let shared = |whose: &str| {
            let detail = format!("{whose} has as many streams of events open as one may");
            refused(StatusCode::TOO_MANY_REQUESTS, detail)
        };
        let client = match client {
            Some(client) => {
                let share = self.0.clients.take(network(client));
                Some(share.ok_or_else(|| shared("this address"))?)
            }
            None => None,
        };
        let session = self.0.sessions.take(session_id.to_owned());
        let session = session.ok_or_else(|| shared("the session"))?;
        let place = Arc::clone(&self.0.all).try_acquire_owned().map_err(|_| {
            let detail = "this host has as many streams of events open as it may";
            refused(StatusCode::SERVICE_UNAVAILABLE, detail.to_owned())
        })?;
        Ok(Place {
            client,
            session,
            place,
        })
    }
}

fn refused(status: StatusCode, detail: String) -> Problem {
    let title = "Too many streams are open";
    Problem::new(status, "too_many_streams", title, detail)
        .with_retry()
        .with_hint("GET the session's status instead")
}
