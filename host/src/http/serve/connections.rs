//! Bounds the open connections. A new connection above the bound closes another one: of the address with the most
//! connections, the one that has been idle for longest. So a full host still serves its next caller, and a client
//! that fills the host closes its own connections.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::progress::LastMoved;
use crate::http::client::network;

/// Interval of the log line that the host is full.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Every connection that is open.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    most: usize,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    next_id: u64,
    by_id: HashMap<u64, Entry>,
    /// How many each client has.
    counts: HashMap<IpAddr, usize>,
    /// When the host was last logged as full, and the connections closed since.
    told: Option<Instant>,
    made_room: usize,
}

#[derive(Debug)]
struct Entry {
    client: IpAddr,
    moved: Arc<LastMoved>,
    /// Dropped, it closes the connection.
    _close: oneshot::Sender<()>,
}

/// The place of one connection, returned on drop.
#[derive(Debug)]
pub(super) struct Connection {
    id: u64,
    open: Arc<Mutex<Open>>,
    /// What the connection reports to.
    pub(super) moved: Arc<LastMoved>,
    /// Ends where the connection must close.
    pub(super) closed: oneshot::Receiver<()>,
}

impl Connections {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            open: Arc::default(),
        }
    }

    /// Takes a place for a connection from an address, closing another connection if there is none.
    pub(super) fn enter(&self, peer: IpAddr) -> Connection {
        let client = network(peer.to_canonical());
        let mut open = lock(&self.open);
        let id = open.next_id;
        open.next_id += 1;
        // Counted with the new connection, so the address with one too many loses one of its own.
        *open.counts.entry(client).or_insert(0) += 1;
        if open.by_id.len() >= self.most
            && let Some(victim) = open.most_idle_of_the_largest()
        {
            open.close_for_another(victim, self.most);
        }
        let (close, closed) = oneshot::channel();
        let moved = Arc::new(LastMoved::now());
        let entry = Entry {
            client,
            moved: Arc::clone(&moved),
            _close: close,
        };
        open.by_id.insert(id, entry);
        Connection {
            id,
            open: Arc::clone(&self.open),
            moved,
            closed,
        }
    }
}

impl Open {
    fn most_idle_of_the_largest(&self) -> Option<u64> {
        let count = |entry: &Entry| self.counts.get(&entry.client).copied().unwrap_or(0);
        let largest = self.by_id.values().map(count).max()?;
        let candidates = self.by_id.iter();
        let candidates = candidates.filter(|(_, entry)| count(entry) == largest);
        let idlest = candidates.min_by_key(|(id, entry)| (entry.moved.at(), **id));
        idlest.map(|(id, _)| *id)
    }

    /// Closes a connection; the log says so once a minute at most.
    fn close_for_another(&mut self, victim: u64, most: usize) {
        let client = self.by_id.get(&victim).map(|entry| entry.client);
        self.remove(victim);
        self.made_room += 1;
        if self.told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            let closed = std::mem::take(&mut self.made_room);
            self.told = Some(Instant::now());
            tracing::warn!(
                ?client,
                closed,
                most,
                "as many connections are open as may be; the most silent are closed"
            );
        }
    }

    fn remove(&mut self, id: u64) {
        let Some(entry) = self.by_id.remove(&id) else {
            return;
        };
        if let Some(count) = self.counts.get_mut(&entry.client) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&entry.client);
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        lock(&self.open).remove(self.id);
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    // Every critical section leaves it consistent, so a poisoned lock is safe to use.
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(host: u8) -> IpAddr {
        IpAddr::from([198, 51, 100, host])
    }

    fn is_closed(connection: &mut Connection) -> bool {
        use oneshot::error::TryRecvError;
        connection.closed.try_recv() == Err(TryRecvError::Closed)
    }

    #[test]
    fn address_with_most_connections_loses_one() {
        let connections = Connections::new(4);
        let mut visitor = connections.enter(peer(1));
        let mut flood = Vec::new();
        for _ in 0..3 {
            flood.push(connections.enter(peer(2)));
        }
        // The visitor's is the oldest; but the flood has more of them.
        let mut another = connections.enter(peer(3));
        assert!(is_closed(&mut flood[0]) && !is_closed(&mut flood[1]));
        let mut more = connections.enter(peer(2));
        assert!(is_closed(&mut flood[1]) && !is_closed(&mut flood[2]));
        assert!(!is_closed(&mut visitor) && !is_closed(&mut another) && !is_closed(&mut more));
        drop((visitor, another, more, flood));
        let open = lock(&connections.open);
        assert!(open.by_id.is_empty() && open.counts.is_empty());
    }

    #[test]
    fn among_equals_the_longest_idle_is_closed() {
        let connections = Connections::new(2);
        let mut first = connections.enter(peer(1));
        let mut second = connections.enter(peer(2));
        let since = first.moved.at();
        while first.moved.at() <= second.moved.at() {
            first.moved.touch();
        }
        assert!(first.moved.at() > since);
        let _third = connections.enter(peer(3));
        assert!(!is_closed(&mut first) && is_closed(&mut second));
    }
}
