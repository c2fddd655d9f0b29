//! Gives memory that the allocator keeps back to the system.
//!
//! glibc keeps freed memory for each of its arenas, of which there is one for nearly every thread: a few outputs at
//! their limits, each checked on another thread, leave over 100 MB behind that no session uses (glibc manual, 3.2.3.7;
//! `mallopt(3)`, `M_TRIM_THRESHOLD`). Larger thresholds would cost every session page faults; a call in the background
//! costs none.

use std::time::Duration;

/// How often it is given back.
const INTERVAL: Duration = Duration::from_secs(30);

/// Gives memory back again and again. Elsewhere than with glibc, where the allocator does so itself, it does nothing.
pub(crate) async fn give_back_regularly() {
    let mut due = tokio::time::interval(INTERVAL);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        // It walks through all of the heap.
        if tokio::task::spawn_blocking(give_back).await.is_err() {
            return;
        }
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_back() {
    #[expect(
        unsafe_code,
        reason = "malloc_trim takes a number, is safe to call from any thread, and has no safe wrapper"
    )]
    // SAFETY: it reads and changes the allocator's own state, under its locks.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
const fn give_back() {}
