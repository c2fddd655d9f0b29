//! A table of segments and nothing else, with the store's own durability: what a session's floor is written to.

use std::path::Path;

use levain_model::StoredSegment;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, QueryBuilder, Sqlite, SqlitePool};

/// The table, of either kind.
pub enum Raw {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Raw {
    pub async fn sqlite(file: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .unwrap();
        sqlx::query(
            "CREATE TABLE segments (tenant_id TEXT, domain TEXT, entity TEXT, part TEXT, \
             records INTEGER, digest TEXT, rows TEXT, PRIMARY KEY (tenant_id, domain, entity, part))",
        )
        .execute(&pool)
        .await
        .unwrap();
        Self::Sqlite(pool)
    }

    pub async fn postgres(url: &str) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect(url)
            .await
            .unwrap();
        // As the store's own table has it.
        sqlx::query(
            "CREATE TABLE segments (tenant_id uuid, domain text, entity text, part text, records integer, \
             digest text, rows text COMPRESSION lz4, PRIMARY KEY (tenant_id, domain, entity, part))",
        )
        .execute(&pool)
        .await
        .unwrap();
        Self::Postgres(pool)
    }

    /// Writes segments in one transaction.
    pub async fn write(&self, segments: Vec<&StoredSegment>) {
        match self {
            Self::Sqlite(pool) => {
                let mut transaction = pool.begin().await.unwrap();
                let mut insert = QueryBuilder::<Sqlite>::new(
                    "INSERT INTO segments (tenant_id, domain, entity, part, records, digest, rows) ",
                );
                insert.push_values(segments, |mut row, segment| {
                    row.push_bind(segment.tenant_id.to_string())
                        .push_bind(&segment.domain)
                        .push_bind(&segment.entity)
                        .push_bind(&segment.part)
                        .push_bind(segment.records)
                        .push_bind(&segment.digest)
                        .push_bind(&segment.rows);
                });
                insert.build().execute(&mut *transaction).await.unwrap();
                transaction.commit().await.unwrap();
            }
            Self::Postgres(pool) => {
                let mut transaction = pool.begin().await.unwrap();
                let column = |of: fn(&StoredSegment) -> &str| {
                    segments.iter().map(|s| of(s)).collect::<Vec<_>>()
                };
                sqlx::query(
                    "INSERT INTO segments SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], \
                     $4::text[], $5::integer[], $6::text[], $7::text[])",
                )
                .bind(segments.iter().map(|s| s.tenant_id).collect::<Vec<_>>())
                .bind(column(|segment| &segment.domain))
                .bind(column(|segment| &segment.entity))
                .bind(column(|segment| &segment.part))
                .bind(
                    segments
                        .iter()
                        .map(|s| i32::try_from(s.records).unwrap())
                        .collect::<Vec<_>>(),
                )
                .bind(column(|segment| &segment.digest))
                .bind(column(|segment| &segment.rows))
                .execute(&mut *transaction)
                .await
                .unwrap();
                transaction.commit().await.unwrap();
            }
        }
    }

    /// What destroying does for a session.
    pub async fn clear(&self) {
        const ALL: &str = "DELETE FROM segments";
        match self {
            Self::Sqlite(pool) => drop(sqlx::query(ALL).execute(pool).await.unwrap()),
            Self::Postgres(pool) => drop(sqlx::query(ALL).execute(pool).await.unwrap()),
        }
    }
}
