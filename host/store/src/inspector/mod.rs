//! A look into a store beside its host, to count what is left of tenants. It writes nothing, makes
//! nothing, and knows no table but by asking the database which there are.

mod postgres;
mod sqlite;

use sqlx::{PgPool, SqlitePool};
use uuid::Uuid;

use super::{OpenError, RepoError};
use crate::StoreUrl;

/// The column that makes a relation one of tenants' data.
const TENANT_COLUMN: &str = "tenant_id";

/// Tables that keep rows on purpose: the ledger keeps a session's tenants.
const LEDGER: [&str; 10] = [
    "demo_sessions",
    "demo_tenants",
    "demo_receipts",
    "demo_cleanup_audit",
    "demo_idempotency_keys",
    "generated_views",
    "plugin_components",
    "plugin_revisions",
    "demo_catalog",
    "demo_keys",
];

/// Counts tenants' rows in a store.
#[derive(Debug)]
pub struct Inspector {
    database: Database,
    relations: Vec<Relation>,
}

/// A table or a view with a tenant's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Its name.
    pub name: String,
    /// Whether it shows what others hold.
    pub is_view: bool,
    /// Whether tenants are of the type `uuid` there, and not text.
    has_uuids: bool,
}

/// The rows of some tenants in one relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Residue {
    /// The table or view.
    pub relation: String,
    /// How many rows.
    pub rows: u64,
}

#[derive(Debug)]
enum Database {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Inspector {
    /// Opens a store that is there and asks which tables and views have tenants' rows.
    ///
    /// # Errors
    /// Where the store is not there, or cannot be read.
    pub async fn open(store: &StoreUrl) -> Result<Self, OpenError> {
        Ok(match store {
            StoreUrl::Sqlite(file) => {
                let pool = sqlite::open(file).await?;
                Self {
                    relations: sqlite::relations(&pool).await?,
                    database: Database::Sqlite(pool),
                }
            }
            StoreUrl::Postgres(url) => {
                let pool = postgres::open(url.reveal()).await?;
                Self {
                    relations: postgres::relations(&pool).await?,
                    database: Database::Postgres(pool),
                }
            }
        })
    }

    /// The tables and views that have tenants' rows, in the order of their names.
    #[must_use]
    pub fn relations(&self) -> &[Relation] {
        &self.relations
    }

    /// The rows of these tenants in every table and view that has any.
    ///
    /// # Errors
    /// [`RepoError`].
    pub async fn residue(&self, tenants: &[Uuid]) -> Result<Vec<Residue>, RepoError> {
        let mut found = Vec::new();
        for relation in &self.relations {
            let rows = self.count(relation, tenants).await?;
            if rows > 0 {
                let relation = relation.name.clone();
                found.push(Residue { relation, rows });
            }
        }
        Ok(found)
    }

    /// The rows of these tenants in all tables. Views would only repeat them.
    ///
    /// # Errors
    /// [`RepoError`].
    pub async fn held(&self, tenants: &[Uuid]) -> Result<u64, RepoError> {
        let mut rows = 0;
        for table in self.relations.iter().filter(|relation| !relation.is_view) {
            rows += self.count(table, tenants).await?;
        }
        Ok(rows)
    }

    async fn count(&self, relation: &Relation, tenants: &[Uuid]) -> Result<u64, RepoError> {
        let counted = match &self.database {
            Database::Sqlite(pool) => sqlite::count(pool, relation, tenants).await?,
            Database::Postgres(pool) => postgres::count(pool, relation, tenants).await?,
        };
        u64::try_from(counted).map_err(|_| RepoError::Corrupt {
            what: "count",
            reason: counted.to_string(),
        })
    }
}

impl Relation {
    /// What is counted; nothing of the ledger.
    fn of_data(name: String, is_view: bool, has_uuids: bool) -> Option<Self> {
        (!LEDGER.contains(&name.as_str())).then_some(Self {
            name,
            is_view,
            has_uuids,
        })
    }

    /// The beginning of the statement that counts its rows, up to the list of tenants.
    fn counting(&self) -> String {
        let name = self.name.replace('"', "\"\"");
        format!("SELECT count(*) FROM \"{name}\" WHERE {TENANT_COLUMN} IN (")
    }
}
