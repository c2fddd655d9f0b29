//! The threads that guests run on. A guest may use all of its own stack and call the host from its end: a thread with
//! less than both need would overflow, and that ends the process.

use std::io;
use std::panic::resume_unwind;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// What a thread has besides the stack of its guest, in bytes: as much as threads have that run no guest.
const HOST_STACK: usize = 2 << 20;

/// Threads with room for a guest.
pub(super) struct Threads {
    /// Only its threads for blocking work are used. `None` once it is dropped.
    runtime: Option<Runtime>,
    stack_bytes: usize,
}

impl Threads {
    /// Threads for guests with stacks of `bytes` bytes.
    ///
    /// # Errors
    /// Where the machine has no room for one.
    pub(super) fn new(guest_bytes: usize) -> io::Result<Self> {
        let stack_bytes = guest_bytes.saturating_add(HOST_STACK);
        // One is tried: a runtime says nothing before it needs a thread, and panics then.
        thread::Builder::new()
            .stack_size(stack_bytes)
            .spawn(|| ())?;
        let runtime = Builder::new_current_thread()
            .thread_name("levain-guest")
            .thread_stack_size(stack_bytes)
            .build()?;
        Ok(Self {
            runtime: Some(runtime),
            stack_bytes,
        })
    }

    /// Begins work that calls guests; `None` where all of it has ended.
    pub(super) fn begin<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        let runtime = self.runtime.as_ref()?;
        Some(runtime.spawn_blocking(work))
    }

    /// Does work that calls guests, while this thread waits.
    ///
    /// # Errors
    /// Where there is no thread for it.
    pub(super) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> io::Result<T> {
        let span = tracing::Span::current();
        thread::scope(|scope| {
            let thread = thread::Builder::new()
                .name("levain-guest".into())
                .stack_size(self.stack_bytes)
                .spawn_scoped(scope, || span.in_scope(work))?;
            Ok(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // A runtime that is dropped waits for its threads, which no async thread may do.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
