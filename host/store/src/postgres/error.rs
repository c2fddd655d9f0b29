//! What PostgreSQL's errors mean to a caller: a taken key, a store that is out of reach for now, or a
//! fault of ours. Source: PostgreSQL's documentation, appendix A, "Error codes".

use crate::{OpenError, RepoError};

/// Classes of errors that may be gone at the next try: connection, resources, the operator's
/// intervention.
const TRANSIENT_CLASSES: [&str; 3] = ["08", "53", "57"];

/// Codes of other classes that may be too: a read-only server, a transaction that idled too long, one
/// that could not be serialised, a deadlock, a lock that was not to be had.
const TRANSIENT: [&str; 5] = ["25006", "25P03", "40001", "40P01", "55P03"];

pub(crate) fn classify(error: sqlx::Error) -> RepoError {
    match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => RepoError::Conflict {
            what: taken(database.constraint().unwrap_or_default()),
        },
        sqlx::Error::Database(database) if is_transient(database.code().as_deref()) => {
            RepoError::Unavailable(error)
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => RepoError::Unavailable(error),
        _ => RepoError::Failed(error),
    }
}

/// The same, where the store is being opened.
pub(crate) fn open_error(error: sqlx::Error) -> OpenError {
    OpenError::Repo(classify(error))
}

fn taken(constraint: &str) -> &'static str {
    match constraint {
        "demo_tenants_held" => "virtual_tenant_id",
        "segments_pkey" => "segment",
        _ => "session_id",
    }
}

fn is_transient(code: Option<&str>) -> bool {
    code.is_some_and(|code| {
        TRANSIENT.contains(&code)
            || TRANSIENT_CLASSES
                .iter()
                .any(|class| code.starts_with(class))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_gone_at_the_next_try_is_known() {
        for code in [
            "57P01", "57014", "53100", "53300", "08006", "25P03", "40P01",
        ] {
            assert!(is_transient(Some(code)), "{code}");
        }
        for code in ["42P01", "22P02", "23514", "23505", ""] {
            assert!(!is_transient(Some(code)), "{code}");
        }
        assert!(!is_transient(None));
    }
}
