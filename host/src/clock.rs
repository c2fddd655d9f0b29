//! The only clock: what asks the machine for the time asks it here, and a test puts its own in.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound as _, Utc};

/// Tells the real time, in UTC.
pub trait Clock: Send + Sync + 'static {
    /// Now, to the microsecond (what the stores keep).
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "the one home of the clock")]
        let now = Utc::now();
        now.trunc_subsecs(6)
    }
}

/// A clock that is shared between rooms.
pub type SharedClock = Arc<dyn Clock>;
