//! What SQLite's errors mean to a caller: a taken key, a store that is out of reach for now, or
//! a fault of ours.

use crate::{OpenError, RepoError};

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Repo(classify(error))
    }
}

/// Primary result codes of SQLite that may be gone at the next try:
/// BUSY, LOCKED, NOMEM, IOERR, CANTOPEN.
const TRANSIENT: [i32; 5] = [5, 6, 7, 10, 14];

/// Result codes of SQLite for a disk that takes no more, quotas included:
/// FULL, IOERR_WRITE, IOERR_FSYNC, IOERR_SHMSIZE.
const FULL: [i32; 4] = [13, 778, 1034, 4874];

/// The meaning of an error.
pub(crate) fn classify(error: sqlx::Error) -> RepoError {
    match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => RepoError::Conflict {
            what: taken(database.message()),
        },
        sqlx::Error::Database(database) if is_full(database.code().as_deref()) => RepoError::Full {
            source: Some(error),
        },
        sqlx::Error::Database(database) if is_transient(database.code().as_deref()) => {
            RepoError::Unavailable(error)
        }
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => RepoError::Unavailable(error),
        _ => RepoError::Failed(error),
    }
}

/// Which key: SQLite names the columns in its message, and nowhere else.
fn taken(message: &str) -> &'static str {
    if message.contains("demo_tenants") {
        "virtual_tenant_id"
    } else if message.contains("segments") {
        "segment"
    } else {
        "session_id"
    }
}

fn is_full(code: Option<&str>) -> bool {
    number(code).is_some_and(|code| FULL.contains(&code))
}

fn is_transient(code: Option<&str>) -> bool {
    // The low byte of an extended code is its primary code.
    number(code).is_some_and(|code| TRANSIENT.contains(&(code & 0xff)))
}

fn number(code: Option<&str>) -> Option<i32> {
    code.and_then(|code| code.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_codes_count_as_their_primary() {
        assert!(is_transient(Some("5")));
        assert!(is_transient(Some("261")), "BUSY_RECOVERY");
        assert!(is_full(Some("13")) && !is_transient(Some("13")), "FULL");
        assert!(is_full(Some("778")), "IOERR_WRITE");
        assert!(
            !is_full(Some("266")) && is_transient(Some("266")),
            "IOERR_READ"
        );
        assert!(!is_transient(Some("1")));
        assert!(!is_transient(Some("2067")), "CONSTRAINT_UNIQUE");
        assert!(!is_transient(None));
    }
}
