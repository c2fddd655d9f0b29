//! How often one client may do something: GCRA, which lets a burst through and then one at a time.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::address::network;

/// After this many calls, clients that have their whole burst back are deleted from memory.
const FORGET_EVERY: u32 = 1024;

/// How often one client may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Times in a minute; 0 is no limit.
    pub per_minute: u32,
    /// How many of them at once.
    pub burst: u32,
}

type Limiter<C> =
    RateLimiter<IpAddr, HashMapStateStore<IpAddr>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Counts the creations of each client. Memory is bounded by the requests within the time in which a burst is
/// restored.
pub struct ClientRate<C: Clock = DefaultClock> {
    limiter: Option<Limiter<C>>,
    asked: AtomicU32,
}

impl ClientRate {
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self::on(pace, DefaultClock::default())
    }
}

impl<C: Clock> ClientRate<C> {
    fn on(pace: Pace, clock: C) -> Self {
        let quota = NonZeroU32::new(pace.per_minute).map(|per_minute| {
            Quota::per_minute(per_minute)
                .allow_burst(NonZeroU32::new(pace.burst).unwrap_or(NonZeroU32::MIN))
        });
        Self {
            limiter: quota.map(|quota| RateLimiter::hashmap_with_clock(quota, clock)),
            asked: AtomicU32::new(0),
        }
    }

    /// Counts once for a client.
    ///
    /// # Errors
    /// The time to wait; the call was not counted.
    pub(in crate::http) fn count(&self, client: IpAddr) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else {
            return Ok(());
        };
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if asked.is_multiple_of(FORGET_EVERY) {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        limiter
            .check_key(&network(client))
            .map_err(|early| early.wait_time_from(limiter.clock().now()))
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn rate(per_minute: u32, burst: u32) -> (ClientRate<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let pace = Pace { per_minute, burst };
        (ClientRate::on(pace, clock.clone()), clock)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn after_a_burst_calls_are_spaced() {
        let (rate, clock) = rate(30, 3);
        let client = address("198.51.100.7");
        for _ in 0..3 {
            rate.count(client).unwrap();
        }
        assert_eq!(rate.count(client), Err(Duration::from_secs(2)));
        clock.advance(Duration::from_millis(1500));
        assert_eq!(rate.count(client), Err(Duration::from_millis(500)));
        clock.advance(Duration::from_millis(500));
        rate.count(client).unwrap();
        rate.count(client).unwrap_err();
        // Another client has its own pace; one IPv6 network is one client.
        rate.count(address("198.51.100.8")).unwrap();
        for host in 0..3 {
            rate.count(address(&format!("2001:db8::{host}"))).unwrap();
        }
        rate.count(address("2001:db8::ffff")).unwrap_err();
        rate.count(address("2001:db8:0:1::")).unwrap();
    }

    #[test]
    fn rate_of_zero_is_unlimited() {
        let (rate, _) = rate(0, 1);
        for _ in 0..1000 {
            rate.count(address("198.51.100.7")).unwrap();
        }
    }

    #[test]
    fn idle_clients_expire() {
        let (rate, clock) = rate(60, 5);
        let known = || rate.limiter.as_ref().unwrap().len();
        for client in 0..FORGET_EVERY {
            rate.count(std::net::Ipv4Addr::from_bits(client).into())
                .unwrap();
        }
        assert!(known() > 1000);
        clock.advance(Duration::from_secs(60));
        rate.count(address("198.51.100.7")).unwrap();
        assert_eq!(known(), 1);
    }
}
