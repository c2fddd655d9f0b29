//! What SQLite's errors mean to a caller: a taken key, a store that is out of reach for now, or
//! a fault of ours.

use std::path::PathBuf;

use crate::repo::{RepoError, ViewError};

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another host holds the data directory.
    #[error("the data directory `{}` is held by another host{holder}", directory.display())]
    Held {
        /// The data directory.
        directory: PathBuf,
        /// ` (process 1234)` where the other left its number, or nothing.
        holder: String,
    },
    /// The data directory cannot be made or written.
    #[error("the data directory `{}` cannot be used", directory.display())]
    Directory {
        /// The data directory.
        directory: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database's tables could not be brought up to date.
    #[error("the database `{}` could not be brought up to date", file.display())]
    Migrate {
        /// The database file.
        file: PathBuf,
        /// Why.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// The database was written by a later version of this program.
    #[error(
        "the database `{}` was written by a later version of levain (its revision {version} is unknown here)",
        file.display()
    )]
    Later {
        /// The database file.
        file: PathBuf,
        /// The revision.
        version: i64,
    },
    /// A view has a name that it cannot have.
    #[error(transparent)]
    View(#[from] ViewError),
    /// A view has the name of a table, or of a view that somebody else made.
    #[error("`{name}` is in the database already and was not made by levain")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The database could not be read or written.
    #[error(transparent)]
    Repo(#[from] RepoError),
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Repo(classify(error))
    }
}

/// Primary result codes of SQLite that may be gone at the next try:
/// BUSY, LOCKED, NOMEM, IOERR, FULL, CANTOPEN.
const TRANSIENT: [i32; 6] = [5, 6, 7, 10, 13, 14];

/// The meaning of an error.
pub(super) fn classify(error: sqlx::Error) -> RepoError {
    match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => RepoError::Conflict {
            what: taken(database.message()),
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

fn is_transient(code: Option<&str>) -> bool {
    // The low byte of an extended code is its primary code.
    code.and_then(|code| code.parse::<i32>().ok())
        .is_some_and(|code| TRANSIENT.contains(&(code & 0xff)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_codes_count_as_their_primary() {
        assert!(is_transient(Some("5")));
        assert!(is_transient(Some("261")), "BUSY_RECOVERY");
        assert!(is_transient(Some("13")), "FULL");
        assert!(!is_transient(Some("1")));
        assert!(!is_transient(Some("2067")), "CONSTRAINT_UNIQUE");
        assert!(!is_transient(None));
    }
}
