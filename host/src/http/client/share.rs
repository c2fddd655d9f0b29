//! At most so much of something for each holder, such as a client's address or a session.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Holders<K, V> = HashMap<K, Holder<V>>;

/// What one holder has.
#[derive(Debug)]
struct Holder<V> {
    shares: usize,
    common: Arc<V>,
}

/// Counts the shares of each holder. A holder without a share uses no memory.
#[derive(Debug)]
pub(in crate::http) struct Shares<K, V = ()> {
    most: usize,
    holders: Arc<Mutex<Holders<K, V>>>,
}

/// One share of a holder, returned on drop.
#[derive(Debug)]
pub(in crate::http) struct Share<K: Eq + Hash, V = ()> {
    key: K,
    /// What all shares of the holder have in common.
    pub(in crate::http) common: Arc<V>,
    holders: Arc<Mutex<Holders<K, V>>>,
}

impl<K: Clone + Eq + Hash, V: Default> Shares<K, V> {
    /// At most `most` for each holder.
    pub(in crate::http) fn new(most: usize) -> Self {
        Self {
            most,
            holders: Arc::default(),
        }
    }

    /// Takes one more share; `None` at the bound.
    pub(in crate::http) fn take(&self, key: K) -> Option<Share<K, V>> {
        let mut holders = lock(&self.holders);
        let held = holders.get(&key).map_or(0, |holder| holder.shares);
        if held >= self.most {
            return None;
        }
        let holder = holders.entry(key.clone()).or_insert_with(|| Holder {
            shares: 0,
            common: Arc::default(),
        });
        holder.shares += 1;
        Some(Share {
            key,
            common: Arc::clone(&holder.common),
            holders: Arc::clone(&self.holders),
        })
    }
}

impl<K: Eq + Hash, V> Drop for Share<K, V> {
    fn drop(&mut self) {
        let mut holders = lock(&self.holders);
        if let Some(holder) = holders.get_mut(&self.key) {
            holder.shares -= 1;
            if holder.shares == 0 {
                holders.remove(&self.key);
            }
        }
    }
}

fn lock<K, V>(holders: &Mutex<Holders<K, V>>) -> MutexGuard<'_, Holders<K, V>> {
    // Every critical section leaves the counts consistent, so a poisoned lock is safe to use.
    holders.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_have_own_shares_and_expire() {
        let shares: Shares<&str> = Shares::new(2);
        let first = shares.take("a").unwrap();
        let second = shares.take("a").unwrap();
        assert!(shares.take("a").is_none());
        let other = shares.take("b").unwrap();
        drop(first);
        let third = shares.take("a").unwrap();
        assert!(shares.take("a").is_none());
        drop((second, third, other));
        assert!(lock(&shares.holders).is_empty());
    }
}
