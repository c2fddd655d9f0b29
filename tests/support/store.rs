//! The store under a host under test: a file of SQLite, or a schema of a PostgreSQL server where
//! `LEVAIN_TEST_STORE=postgres` says so. And a look into it past the host.

use std::path::Path;

use sqlx::{AssertSqlSafe, PgPool, SqlitePool};

use super::server::Schema;

/// Which store the hosts under test have.
pub fn on_postgres() -> bool {
    match std::env::var("LEVAIN_TEST_STORE").as_deref() {
        Ok("postgres") => true,
        Ok("sqlite") | Err(_) => false,
        Ok(other) => panic!("LEVAIN_TEST_STORE is `{other}`, neither sqlite nor postgres"),
    }
}

/// The store of one host, which goes with it.
pub struct Store {
    /// As `database_url` has it.
    pub url: String,
    _schema: Option<Schema>,
}

impl Store {
    /// A new store; a file is made in `directory`.
    pub async fn make(directory: &Path) -> Self {
        if on_postgres() {
            let schema = Schema::make()
                .await
                .unwrap_or_else(|| panic!("LEVAIN_TEST_STORE=postgres, and no server answers"));
            return Self {
                url: schema.url.clone(),
                _schema: Some(schema),
            };
        }
        Self {
            url: format!("sqlite:{}", directory.join("levain.db").display()),
            _schema: None,
        }
    }

    /// A look into it past the host.
    pub async fn open(&self) -> Database {
        match self.url.strip_prefix("sqlite:") {
            Some(file) => Database::Sqlite(SqlitePool::connect(file).await.unwrap()),
            None => Database::Postgres(PgPool::connect(&self.url).await.unwrap()),
        }
    }
}

/// A database, asked in the words that both kinds understand.
pub enum Database {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Database {
    /// The one column, of text, that a statement answers.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let query = AssertSqlSafe(sql.to_owned());
        let rows = match self {
            Self::Sqlite(pool) => sqlx::query_scalar(query).fetch_all(pool).await,
            Self::Postgres(pool) => sqlx::query_scalar(query).fetch_all(pool).await,
        };
        rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The whole number that a statement answers.
    pub async fn number(&self, sql: &str) -> i64 {
        let query = AssertSqlSafe(sql.to_owned());
        let number = match self {
            Self::Sqlite(pool) => sqlx::query_scalar(query).fetch_one(pool).await,
            Self::Postgres(pool) => sqlx::query_scalar(query).fetch_one(pool).await,
        };
        number.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Does what a statement says; how many rows it touched.
    pub async fn execute(&self, sql: &str) -> u64 {
        let query = AssertSqlSafe(sql.to_owned());
        let done = match self {
            Self::Sqlite(pool) => sqlx::query(query)
                .execute(pool)
                .await
                .map(|done| done.rows_affected()),
            Self::Postgres(pool) => sqlx::query(query)
                .execute(pool)
                .await
                .map(|done| done.rows_affected()),
        };
        done.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The names of the tables and views of the host, in their order.
    pub async fn relations(&self) -> Vec<String> {
        self.texts(match self {
            Self::Sqlite(_) => "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY 1",
            Self::Postgres(_) => "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1",
        })
        .await
    }
}
