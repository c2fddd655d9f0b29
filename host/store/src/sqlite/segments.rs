//! Writes segments by the page.

use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};

use super::error::classify;
use crate::RepoError;
use levain_model::StoredSegment;

/// Rows per statement: seven values each, far below the 32,766 that a statement may bind. Sessions
/// of one account have the same number, so the statement's text repeats and stays prepared.
const ROWS_PER_STATEMENT: usize = 1000;

/// Runs within the caller's transaction.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    segments: &[StoredSegment],
) -> Result<(), RepoError> {
    for page in segments.chunks(ROWS_PER_STATEMENT) {
        let mut statement = QueryBuilder::<Sqlite>::new(
            "INSERT INTO segments (tenant_id, domain, entity, part, records, digest, rows) ",
        );
        statement.push_values(page, |mut row, segment| {
            row.push_bind(segment.tenant_id.to_string())
                .push_bind(segment.domain.as_str())
                .push_bind(segment.entity.as_str())
                .push_bind(segment.part.as_str())
                .push_bind(i64::from(segment.records))
                .push_bind(segment.digest.as_str())
                .push_bind(segment.rows.as_str());
        });
        statement
            .build()
            .execute(&mut *connection)
            .await
            .map_err(classify)?;
    }
    Ok(())
}
