//! Bounds the reads of one client: their rate, the answers at once, and their turn beside the reads of others.
//!
//! An answer counts until its last byte is handed to the connection, so that a client that does not read holds
//! as many answers in memory as it may have at once, and no more.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::address::network;
use super::rate::{ClientRate, Pace};
use super::share::{Share, Shares};
use crate::http::problem::Problem;

/// Reads of one client that run at once; its further reads wait for these. A read of another client waits for at
/// most this many of each client.
const WORKED_ON: usize = 2;

/// Reads that run at once, per processor: more than one, since some wait for the store.
const PER_PROCESSOR: usize = 2;

/// How long a read waits for its turn.
const WAIT: Duration = Duration::from_secs(10);

/// A rate per minute comes with a burst of this part of it: ten seconds' worth.
const BURST_PART: u32 = 6;

/// How much one client may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadBounds {
    /// Requests in a minute; 0 is no limit.
    pub per_minute: u32,
    /// Answers that are prepared or sent at once.
    pub at_once: usize,
}

/// Admits reads.
pub struct Reads {
    rate: ClientRate,
    clients: Shares<IpAddr, Turns>,
    places: Arc<Semaphore>,
    /// As many for the holder of the internal key, whose exports wait for other work as well.
    internal_places: Arc<Semaphore>,
}

/// Of one client.
#[derive(Debug)]
struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(WORKED_ON)))
    }
}

/// One answer of a client's, until it is sent.
#[derive(Debug)]
pub(in crate::http) struct ClientRead(Share<IpAddr, Turns>);

/// The turn to read from the store and to select. It lasts as long as one of its copies.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct ReadTurn {
    #[expect(dead_code, reason = "held")]
    held: Option<Arc<(Option<OwnedSemaphorePermit>, OwnedSemaphorePermit)>>,
}

impl Reads {
    #[must_use]
    pub fn new(bounds: ReadBounds) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let places = || Arc::new(Semaphore::new(PER_PROCESSOR * processors));
        Self {
            rate: ClientRate::new(Pace {
                per_minute: bounds.per_minute,
                burst: bounds.per_minute.div_ceil(BURST_PART),
            }),
            clients: Shares::new(bounds.at_once),
            places: places(),
            internal_places: places(),
        }
    }

    /// Counts one request of a client.
    ///
    /// # Errors
    /// 429 above the rate.
    pub(in crate::http) fn count(&self, client: IpAddr) -> Result<(), Problem> {
        self.rate.count(client).map_err(|wait| {
            refused("this address sends more requests than one may in a minute")
                .with_retry_after(wait)
        })
    }

    /// One answer more for a client.
    ///
    /// # Errors
    /// 429 at the bound.
    pub(in crate::http) fn admit(&self, client: IpAddr) -> Result<ClientRead, Problem> {
        let share = self.clients.take(network(client));
        share.map(ClientRead).ok_or_else(|| {
            refused("this address has as many answers under way as one may have at once")
                .with_retry()
        })
    }

    /// Waits for the turn of a client's read, or of one of the holder of the internal key.
    ///
    /// # Errors
    /// 503 if the turn does not come in time.
    pub(in crate::http) async fn turn(
        &self,
        client: Option<&ClientRead>,
    ) -> Result<ReadTurn, Problem> {
        let turn = async {
            let (own, places) = match client {
                Some(ClientRead(share)) => {
                    let Turns(turns) = &*share.common;
                    let own = Arc::clone(turns).acquire_owned().await.ok()?;
                    (Some(own), &self.places)
                }
                None => (None, &self.internal_places),
            };
            let place = Arc::clone(places).acquire_owned().await.ok()?;
            Some(ReadTurn {
                held: Some(Arc::new((own, place))),
            })
        };
        // Neither is ever closed.
        let turn = tokio::time::timeout(WAIT, turn).await.ok().flatten();
        turn.ok_or_else(|| {
            let title = "Too many reads are under way";
            let detail = format!("no turn came for this read within {} s", WAIT.as_secs());
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Problem::new(status, "reads_busy", title, detail).with_retry()
        })
    }
}

/// The turn of the request; `None` for a request that needs no turn.
impl<S: Send + Sync> FromRequestParts<S> for ReadTurn {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let turn = parts.extensions.get::<Option<Self>>();
        Ok(turn.cloned().flatten().unwrap_or_default())
    }
}

impl ReadTurn {
    /// Runs `work` off the async threads. The turn lasts until the work ends, also if its caller disconnects: the
    /// read still occupies a thread.
    ///
    /// # Errors
    /// 500 if `work` panicked.
    pub(in crate::http) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let span = tracing::Span::current();
        let run = tokio::task::spawn_blocking(move || {
            let _held = self;
            span.in_scope(work)
        });
        run.await.map_err(|error| {
            tracing::error!(%error, "a read was lost");
            Problem::internal()
        })
    }
}

fn refused(detail: &str) -> Problem {
    let title = "Too many reads";
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_reads",
        title,
        detail,
    )
    .with_hint("wait as long as Retry-After says; it is in seconds")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn client(host: u32) -> IpAddr {
        Ipv4Addr::from_bits(host).into()
    }

    #[tokio::test]
    async fn client_waits_for_its_own_reads_only() {
        let mut reads = Reads::new(ReadBounds {
            per_minute: 0,
            at_once: 8,
        });
        reads.places = Arc::new(Semaphore::new(WORKED_ON + 1));
        let mut busy = Vec::new();
        for _ in 0..WORKED_ON {
            let read = reads.admit(client(1)).unwrap();
            busy.push((reads.turn(Some(&read)).await.unwrap(), read));
        }
        let next = reads.admit(client(1)).unwrap();
        let waiting = reads.turn(Some(&next));
        tokio::pin!(waiting);
        assert!(futures_util::poll!(&mut waiting).is_pending());
        // A place is free, and another client has it at once.
        let other = reads.admit(client(2)).unwrap();
        drop(reads.turn(Some(&other)).await.unwrap());
        assert!(futures_util::poll!(&mut waiting).is_pending());
        busy.pop();
        waiting.await.unwrap();
    }

    #[test]
    fn answers_at_once_are_bounded() {
        let reads = Reads::new(ReadBounds {
            per_minute: 0,
            at_once: 1,
        });
        let first = reads.admit(client(1)).unwrap();
        let refusal = reads.admit(client(1)).unwrap_err();
        assert_eq!(
            (refusal.status().as_u16(), refusal.code()),
            (429, "too_many_reads")
        );
        reads.admit(client(2)).unwrap();
        drop(first);
        reads.admit(client(1)).unwrap();
    }
}
