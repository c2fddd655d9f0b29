//! Where a statement runs, and the words in which the two databases differ.

use std::fmt::Display;

use sqlx::postgres::{PgConnection, PgPool};
use sqlx::sqlite::{SqliteConnection, SqlitePool};

/// A connection of a transaction, or a pool that lends any free connection.
pub(super) enum Connection<'c> {
    Sqlite(&'c mut SqliteConnection),
    SqlitePool(&'c SqlitePool),
    Postgres(&'c mut PgConnection),
    PostgresPool(&'c PgPool),
}

impl Connection<'_> {
    pub(super) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) | Self::SqlitePool(_) => Dialect::Sqlite,
            Self::Postgres(_) | Self::PostgresPool(_) => Dialect::Postgres,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    const fn pick(self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite => sqlite,
            Self::Postgres => postgres,
        }
    }

    /// The store's own clock. In SQLite it compares, as text, with stored instants.
    pub(super) const fn now(self) -> &'static str {
        self.pick(
            "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')",
            "clock_timestamp()",
        )
    }

    /// The store's own clock plus the [`FromNow`](super::sql::Value::FromNow) bound at `parameter`.
    pub(super) fn after_now(self, parameter: impl Display) -> String {
        match self {
            Self::Sqlite => format!("strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', {parameter})"),
            Self::Postgres => format!("clock_timestamp() + make_interval(secs => {parameter})"),
        }
    }

    /// The condition that a column is among the [`Ids`](super::sql::Value::Ids) bound at `parameter`.
    /// A list leads to the table's key; a subquery may make PostgreSQL scan the table.
    pub(super) fn among(self, parameter: impl Display) -> String {
        match self {
            Self::Sqlite => format!("IN (SELECT value FROM json_each({parameter}))"),
            Self::Postgres => format!("= ANY({parameter})"),
        }
    }

    /// The boolean "no". The condition of a partial index must be repeated exactly for SQLite to use it.
    pub(super) const fn no(self) -> &'static str {
        self.pick("0", "false")
    }

    pub(super) const fn yes(self) -> &'static str {
        self.pick("1", "true")
    }

    /// Casts a text parameter to JSON: PostgreSQL has a type of its own.
    pub(super) const fn as_json(self) -> &'static str {
        self.pick("", "::json")
    }

    /// Compares text as bytes in every locale of the database: the order is part of the contract.
    pub(super) const fn as_bytes(self) -> &'static str {
        self.pick("", " COLLATE \"C\"")
    }

    /// Locks the rows that are read. SQLite's only writer has locked the file.
    pub(super) const fn for_update(self) -> &'static str {
        self.pick("", " FOR UPDATE")
    }

    /// Locks the rows that are read and leaves out those that another host has locked.
    pub(super) const fn for_update_skip_locked(self) -> &'static str {
        self.pick("", " FOR UPDATE SKIP LOCKED")
    }
}
