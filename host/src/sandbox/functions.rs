//! Functions that were compiled, kept while prepared images are made: the images of one component have
//! the same code and differ in their data, so all but the first are compiled in a fraction of its time.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::CacheStore;

/// The compiler's cache of functions. It is empty while no [`SharedFunctions`] lives.
#[derive(Debug, Default)]
pub(super) struct Functions(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    holders: usize,
    functions: HashMap<Box<[u8]>, Vec<u8>>,
}

/// Has functions kept for as long as it lives. See [`Sandbox::share_functions`](super::Sandbox::share_functions).
#[derive(Debug)]
pub struct SharedFunctions(Arc<Functions>);

impl Functions {
    pub(super) fn hold(self: &Arc<Self>) -> SharedFunctions {
        self.lock().holders += 1;
        SharedFunctions(Arc::clone(self))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // A map is whole between any two of its calls.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SharedFunctions {
    fn drop(&mut self) {
        let mut kept = self.0.lock();
        kept.holders = kept.holders.saturating_sub(1);
        if kept.holders == 0 {
            kept.functions = HashMap::new();
        }
    }
}

impl CacheStore for Functions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        self.lock().functions.get(key).cloned().map(Cow::Owned)
    }

    fn insert(&self, key: &[u8], value: Vec<u8>) -> bool {
        let mut kept = self.lock();
        let held = kept.holders > 0;
        if held {
            kept.functions.insert(key.into(), value);
        }
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_kept_while_somebody_holds_them() {
        let functions = Arc::new(Functions::default());
        assert!(!functions.insert(b"key", vec![1]));
        let one = functions.hold();
        let other = functions.hold();
        assert!(functions.insert(b"key", vec![1]));
        drop(one);
        assert_eq!(functions.get(b"key").as_deref(), Some(&[1][..]));
        drop(other);
        assert_eq!(functions.get(b"key"), None);
    }
}
