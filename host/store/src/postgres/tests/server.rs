//! The server of the tests: each has a schema of its own there, which goes with it. The tests of the whole
//! host include this file too.

use std::io::Write as _;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

/// Where it is looked for, unless `LEVAIN_TEST_DATABASE_URL` says where it is.
const DEFAULT: &str = "postgres://postgres@127.0.0.1:5432/test";

fn url() -> String {
    std::env::var("LEVAIN_TEST_DATABASE_URL").unwrap_or_else(|_| DEFAULT.to_owned())
}

/// Whether there is a server; on CI there has to be.
pub(crate) async fn answers() -> bool {
    match PgConnection::connect(&url()).await {
        Ok(connection) => {
            let _ = connection.close().await;
            true
        }
        Err(error) if std::env::var_os("CI").is_some() => panic!("no PostgreSQL: {error}"),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "SKIPPED, no PostgreSQL answers: {error}");
            false
        }
    }
}

/// A schema of one test.
pub(crate) struct Schema {
    /// The server, with this schema as the one that is worked in.
    pub(crate) url: String,
    name: String,
}

impl Schema {
    /// Makes one; `None` where there is no server.
    pub(crate) async fn make() -> Option<Self> {
        if !answers().await {
            return None;
        }
        let name = format!("case_{}", Uuid::new_v4().simple());
        execute(format!("CREATE SCHEMA {name}")).await;
        let url = url();
        let separator = if url.contains('?') { '&' } else { '?' };
        Some(Self {
            url: format!("{url}{separator}options[search_path]={name}"),
            name,
        })
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let statement = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name);
        // A runtime cannot be entered twice on one thread.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(execute(statement));
        });
        let _ = dropped.join();
    }
}

async fn execute(statement: String) {
    let mut connection = PgConnection::connect(&url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .unwrap();
    let _ = connection.close().await;
}
