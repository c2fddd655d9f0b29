//! The connections to the server.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::error::open_error;
use crate::{OpenError, StoreOptions};

/// How long a caller waits for a connection before the store counts as unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a statement may wait for a row that another transaction holds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// How long any statement may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest that a transaction may idle before the server ends it, for every lease.
const LONGEST_IDLE: Duration = Duration::from_secs(10);

/// How long an unused connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(600);

/// The pool of one server; connections are made as they are needed.
pub(super) fn pool(url: &str, options: StoreOptions) -> Result<PgPool, OpenError> {
    let millis = |limit: Duration| limit.as_millis().to_string();
    // A host that stops in the middle of a transaction must not hold it for as long as its lease: the
    // session would then be nobody's to end.
    let idle = LONGEST_IDLE.min(options.lease / 2);
    let connect = PgConnectOptions::from_str(url)
        .map_err(open_error)?
        .application_name("levain")
        .options([
            ("idle_in_transaction_session_timeout", millis(idle)),
            ("lock_timeout", millis(LOCK_TIMEOUT)),
            ("statement_timeout", millis(STATEMENT_TIMEOUT)),
        ]);
    Ok(PgPoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(IDLE_TIMEOUT)
        // A server that was started again is noticed before a statement is lost to it.
        .test_before_acquire(true)
        .connect_lazy_with(connect))
}
