//! Bounds the wrong keys of one client. Past the bound no key is compared, so guessing takes as long as the wait;
//! the right key from another address opens at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use governor::clock::{Clock, DefaultClock, Reference};
use governor::nanos::Nanos;

use super::address::network;
use crate::http::problem::Problem;

/// Wrong keys that one client may give at once.
const AT_ONCE: u32 = 10;

/// Time until one more wrong key is allowed.
const EACH: Duration = Duration::from_secs(6);

/// At this number of clients, those whose wait is over are deleted from memory.
const FORGET_FROM: usize = 1024;

/// Counts the wrong keys of each client by GCRA; a right key costs nothing.
pub struct Guesses<C: Clock = DefaultClock> {
    /// When each client will have waited for all of its wrong keys.
    clear_at: Mutex<HashMap<IpAddr, C::Instant>>,
    clock: C,
}

impl Default for Guesses {
    fn default() -> Self {
        Self::on(DefaultClock::default())
    }
}

impl<C: Clock> Guesses<C> {
    fn on(clock: C) -> Self {
        Self {
            clear_at: Mutex::default(),
            clock,
        }
    }

    /// Whether the key of a client is right. One at a time, so that concurrent guesses each count.
    ///
    /// # Errors
    /// The time until the client may try a key again; the key was not compared.
    pub(in crate::http) fn try_key(
        &self,
        client: IpAddr,
        is_right: impl FnOnce() -> bool,
    ) -> Result<bool, Duration> {
        let client = network(client);
        let now = self.clock.now();
        let mut clear_at = self.clear_at.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = match clear_at.get(&client) {
            Some(clear) => Duration::from(clear.duration_since(now)),
            None => Duration::ZERO,
        };
        let allowed = EACH * (AT_ONCE - 1);
        if waits > allowed {
            return Err(waits - allowed);
        }
        if is_right() {
            return Ok(true);
        }
        if clear_at.len() >= FORGET_FROM {
            clear_at.retain(|_, clear| *clear > now);
        }
        clear_at.insert(client, now + Nanos::from(waits + EACH));
        if waits + EACH > allowed {
            tracing::warn!(%client, "too many wrong keys from one address; it has to wait");
        }
        Ok(false)
    }
}

/// 429 for a client that was wrong too often.
pub(in crate::http) fn too_many_guesses(wait: Duration) -> Problem {
    let title = "Too many wrong keys";
    let detail =
        "too many wrong keys came from this address; none is tried before the wait is over";
    let status = StatusCode::TOO_MANY_REQUESTS;
    Problem::new(status, "too_many_wrong_keys", title, detail)
        .with_retry_after(wait)
        .with_hint("wait as long as Retry-After says; it is in seconds")
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn wrong_keys_are_bounded_per_client() {
        let clock = FakeRelativeClock::default();
        let guesses = Guesses::on(clock.clone());
        let mut compared = 0;
        let mut guess = |client: &str| {
            guesses.try_key(address(client), || {
                compared += 1;
                false
            })
        };
        // 1,300 guesses in a second, of which the first few are answered.
        for number in 0..1300 {
            let tried = guess("198.51.100.7");
            assert_eq!(tried.is_ok(), number < AT_ONCE, "{number}");
            if number >= AT_ONCE {
                assert_eq!(tried, Err(EACH), "{number}");
            }
        }
        clock.advance(EACH);
        assert_eq!(guess("198.51.100.7"), Ok(false));
        assert_eq!(guess("198.51.100.7"), Err(EACH));
        assert_eq!(compared, AT_ONCE + 1);
        // The right one is not compared there either; from elsewhere it opens.
        let right = |client: &str| guesses.try_key(address(client), || true);
        assert_eq!(right("198.51.100.7"), Err(EACH));
        assert_eq!(right("198.51.100.8"), Ok(true));
    }

    #[test]
    fn right_key_costs_nothing_and_clients_expire() {
        let clock = FakeRelativeClock::default();
        let guesses = Guesses::on(clock.clone());
        for _ in 0..1000 {
            assert_eq!(guesses.try_key(address("198.51.100.7"), || true), Ok(true));
        }
        let known = || guesses.clear_at.lock().unwrap().len();
        assert_eq!(known(), 0);
        for host in 0..1024 {
            let client = std::net::Ipv4Addr::from_bits(host);
            guesses.try_key(client.into(), || false).unwrap();
        }
        assert_eq!(known(), FORGET_FROM);
        clock.advance(EACH);
        guesses.try_key(address("198.51.100.7"), || false).unwrap();
        assert_eq!(known(), 1);
    }
}
