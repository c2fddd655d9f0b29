//! One statement for both databases: its values, and the rows that it returns.
//!
//! Placeholders are `$1`, `$2`, ...: both drivers number them. SQLite stores instants as RFC 3339 text and
//! identifiers as lower-case UUID text; PostgreSQL has types for both.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Decode, Postgres, Row as _, Sqlite, Type};
use uuid::Uuid;

use super::dialect::Connection;
use super::expect::corrupt;
use super::{RepoError, postgres, sqlite};

/// A statement and its values.
pub(super) struct Statement<'q> {
    sql: String,
    values: Vec<Value<'q>>,
}

/// A value of a statement; a `None` keeps its type.
#[derive(Debug, Clone)]
pub(super) enum Value<'q> {
    Text(Option<Cow<'q, str>>),
    Number(Option<i64>),
    Float(Option<f64>),
    Instant(Option<DateTime<Utc>>),
    Id(Option<Uuid>),
    /// A list, for [`Dialect::among`](super::dialect::Dialect::among).
    Ids(Vec<Uuid>),
    Bytes(&'q [u8]),
    Flag(bool),
    /// A time for [`Dialect::after_now`](super::dialect::Dialect::after_now).
    FromNow(Duration),
}

macro_rules! value {
    ($($kind:ident: $type:ty = |$value:ident| $converted:expr;)+) => {
        $(impl<'q> From<$type> for Value<'q> {
            fn from($value: $type) -> Self {
                Self::$kind($converted)
            }
        })+
    };
}
value! {
    Text: &'q str = |text| Some(Cow::Borrowed(text));
    Text: String = |text| Some(Cow::Owned(text));
    Text: Option<&'q str> = |text| text.map(Cow::Borrowed);
    Number: u32 = |number| Some(i64::from(number));
    Number: i64 = |number| Some(number);
    Number: Option<u32> = |number| number.map(i64::from);
    Float: f64 = |number| Some(number);
    Float: Option<f64> = |number| number;
    Instant: DateTime<Utc> = |instant| Some(instant);
    Instant: Option<DateTime<Utc>> = |instant| instant;
    Id: Uuid = |id| Some(id);
    Id: Option<Uuid> = |id| id;
    Ids: Vec<Uuid> = |ids| ids;
    Bytes: &'q [u8] = |bytes| bytes;
    Flag: bool = |flag| flag;
    FromNow: Duration = |duration| duration;
}

/// A statement of the program's own words: values are bound, never part of the text.
pub(super) fn statement<'q>(sql: impl Into<String>) -> Statement<'q> {
    Statement {
        sql: sql.into(),
        values: Vec::new(),
    }
}

/// Runs `$statement` with `$fetch` wherever `$connection` leads.
macro_rules! run {
    ($statement:expr, $connection:expr, $fetch:ident, |$found:ident| $sqlite:expr, $postgres:expr) => {
        match $connection {
            Connection::Sqlite(connection) => {
                let $found = $statement.sqlite().$fetch(&mut **connection).await;
                $found.map_err(sqlite::classify).map(|$found| $sqlite)
            }
            Connection::SqlitePool(pool) => {
                let $found = $statement.sqlite().$fetch(*pool).await;
                $found.map_err(sqlite::classify).map(|$found| $sqlite)
            }
            Connection::Postgres(connection) => {
                let $found = $statement.postgres().$fetch(&mut **connection).await;
                $found.map_err(postgres::classify).map(|$found| $postgres)
            }
            Connection::PostgresPool(pool) => {
                let $found = $statement.postgres().$fetch(*pool).await;
                $found.map_err(postgres::classify).map(|$found| $postgres)
            }
        }
    };
}

impl<'q> Statement<'q> {
    pub(super) fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Appends `VALUES` with as many rows of `columns` placeholders; their values are bound afterwards.
    pub(super) fn values(mut self, rows: usize, columns: usize) -> Self {
        self.sql.push_str(" VALUES ");
        for number in 0..rows * columns {
            let before = match (number, number % columns) {
                (0, _) => "(",
                (_, 0) => "), (",
                _ => ", ",
            };
            // Writing to a String cannot fail.
            let _ = write!(self.sql, "{before}${}", number + 1);
        }
        self.sql.push(')');
        self
    }

    /// Returns how many rows were changed.
    pub(super) async fn execute(self, connection: &mut Connection<'_>) -> Result<u64, RepoError> {
        run!(
            self,
            connection,
            execute,
            |done| done.rows_affected(),
            done.rows_affected()
        )
    }

    pub(super) async fn all(self, connection: &mut Connection<'_>) -> Result<Vec<Row>, RepoError> {
        run!(
            self,
            connection,
            fetch_all,
            |rows| rows.into_iter().map(Row::Sqlite).collect(),
            rows.into_iter().map(Row::Postgres).collect()
        )
    }

    pub(super) async fn optional(
        self,
        connection: &mut Connection<'_>,
    ) -> Result<Option<Row>, RepoError> {
        run!(
            self,
            connection,
            fetch_optional,
            |row| row.map(Row::Sqlite),
            row.map(Row::Postgres)
        )
    }

    pub(super) async fn one(self, connection: &mut Connection<'_>) -> Result<Row, RepoError> {
        let found = self.optional(connection).await?;
        found.ok_or(RepoError::Failed(sqlx::Error::RowNotFound))
    }

    fn sqlite(self) -> sqlx::query::Query<'q, Sqlite, sqlx::sqlite::SqliteArguments> {
        let mut query = sqlx::query(AssertSqlSafe(self.sql));
        for value in self.values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::Number(number) => query.bind(number),
                Value::Float(number) => query.bind(number),
                Value::Instant(instant) => query.bind(instant.map(instant_text)),
                Value::Id(id) => query.bind(id.map(|id| id.to_string())),
                Value::Ids(ids) => query.bind(serde_json::json!(ids).to_string()),
                Value::Bytes(bytes) => query.bind(bytes),
                Value::Flag(flag) => query.bind(flag),
                Value::FromNow(time) => query.bind(format!("{:+.3} seconds", time.as_secs_f64())),
            };
        }
        query
    }

    fn postgres(self) -> sqlx::query::Query<'q, Postgres, sqlx::postgres::PgArguments> {
        let mut query = sqlx::query(AssertSqlSafe(self.sql));
        for value in self.values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::Number(number) => query.bind(number),
                Value::Float(number) => query.bind(number),
                Value::Instant(instant) => query.bind(instant),
                Value::Id(id) => query.bind(id),
                Value::Ids(ids) => query.bind(ids),
                Value::Bytes(bytes) => query.bind(bytes),
                Value::Flag(flag) => query.bind(flag),
                Value::FromNow(time) => query.bind(time.as_secs_f64()),
            };
        }
        query
    }
}

/// A row of either database.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub(super) fn get<T: Column>(&self, column: &'static str) -> Result<T, RepoError> {
        match self {
            Self::Sqlite(row) => {
                T::from_sqlite(column, row.try_get(column).map_err(sqlite::classify)?)
            }
            Self::Postgres(row) => {
                T::from_postgres(column, row.try_get(column).map_err(postgres::classify)?)
            }
        }
    }

    /// A value that may be NULL.
    pub(super) fn optional<T: Column>(&self, column: &'static str) -> Result<Option<T>, RepoError> {
        match self {
            Self::Sqlite(row) => row
                .try_get::<Option<T::Sqlite>, _>(column)
                .map_err(sqlite::classify)?
                .map(|value| T::from_sqlite(column, value))
                .transpose(),
            Self::Postgres(row) => row
                .try_get::<Option<T::Postgres>, _>(column)
                .map_err(postgres::classify)?
                .map(|value| T::from_postgres(column, value))
                .transpose(),
        }
    }

    /// A value that is stored as its text form.
    pub(super) fn parse<T>(&self, column: &'static str) -> Result<T, RepoError>
    where
        T: FromStr,
        T::Err: Display,
    {
        parse(column, &self.get::<String>(column)?)
    }

    /// A value that is stored as JSON text.
    pub(super) fn json<T: serde::de::DeserializeOwned>(
        &self,
        column: &'static str,
    ) -> Result<T, RepoError> {
        super::json_text::from_json(column, &self.get::<String>(column)?)
    }
}

/// A type that both databases store, each in its own way.
pub(super) trait Column: Sized {
    type Sqlite: for<'r> Decode<'r, Sqlite> + Type<Sqlite>;
    type Postgres: for<'r> Decode<'r, Postgres> + Type<Postgres>;
    fn from_sqlite(column: &'static str, value: Self::Sqlite) -> Result<Self, RepoError>;
    fn from_postgres(column: &'static str, value: Self::Postgres) -> Result<Self, RepoError>;
}

macro_rules! column {
    ($($type:ty: $sqlite:ty = $from_sqlite:expr, $postgres:ty = $from_postgres:expr;)+) => {
        $(impl Column for $type {
            type Sqlite = $sqlite;
            type Postgres = $postgres;
            fn from_sqlite(column: &'static str, value: $sqlite) -> Result<Self, RepoError> {
                $from_sqlite(column, value)
            }
            fn from_postgres(column: &'static str, value: $postgres) -> Result<Self, RepoError> {
                $from_postgres(column, value)
            }
        })+
    };
}
column! {
    String: String = same, String = same;
    f64: f64 = same, f64 = same;
    Vec<u8>: Vec<u8> = same, Vec<u8> = same;
    // `integer` in PostgreSQL, which has no unsigned numbers.
    u32: i64 = unsigned, i32 = unsigned;
    // `bigint`, as `count` returns it.
    u64: i64 = unsigned, i64 = unsigned;
    DateTime<Utc>: String = parse_instant, DateTime<Utc> = same;
    Uuid: String = |column, text: String| parse(column, &text), Uuid = same;
}

// The conversions of `column!` are fallible, all with one signature.
#[expect(
    clippy::unnecessary_wraps,
    reason = "one signature for every conversion"
)]
fn same<T>(_: &'static str, value: T) -> Result<T, RepoError> {
    Ok(value)
}

fn unsigned<N, T: TryFrom<N>>(column: &'static str, number: N) -> Result<T, RepoError>
where
    T::Error: Display,
{
    T::try_from(number).map_err(|error| corrupt(column, &error))
}

fn parse<T>(column: &'static str, text: &str) -> Result<T, RepoError>
where
    T: FromStr,
    T::Err: Display,
{
    text.parse().map_err(|error| corrupt(column, &error))
}

fn parse_instant(column: &'static str, text: String) -> Result<DateTime<Utc>, RepoError> {
    DateTime::parse_from_rfc3339(&text)
        .map(|instant| instant.with_timezone(&Utc))
        .map_err(|error| corrupt(column, &error))
}

/// An instant as SQLite stores it: always six fraction digits, so that text order is time order.
fn instant_text(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_keep_their_microseconds_and_sort_as_text() {
        let parsed = |text: &str| parse_instant("x", text.to_owned()).unwrap();
        let whole = parsed("2026-03-02T10:00:00Z");
        let later = whole + chrono::Duration::microseconds(1);
        assert_eq!(instant_text(whole), "2026-03-02T10:00:00.000000Z");
        assert!(instant_text(whole) < instant_text(later));
        assert_eq!(parsed(&instant_text(later)), later);
    }
}
