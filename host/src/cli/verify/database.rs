//! The database behind the host, opened for reading only.

use tokio::runtime::Handle;
use uuid::Uuid;

use super::arguments::VerifyArguments;
use crate::cli::failure::Failure;
use levain_store::{Inspector, Residue, StoreUrl};

#[derive(Debug)]
pub(super) struct Database {
    inspector: Inspector,
    runtime: Handle,
}

/// The default store of a host, in its data directory.
const FILE: &str = "levain.db";

impl Database {
    /// The given database, or else the file in the data directory; `None` without either.
    pub(super) fn find(
        arguments: &VerifyArguments,
        runtime: &Handle,
    ) -> Result<Option<Self>, Failure> {
        if arguments.without_database {
            return Ok(None);
        }
        let named = arguments
            .database_url
            .as_deref()
            .filter(|url| !url.is_empty());
        let store = match (named, &arguments.key.data_dir) {
            (Some(url), _) => url
                .parse()
                .map_err(|reason| anyhow::anyhow!("the database's URL {reason}"))?,
            (None, Some(directory)) if directory.join(FILE).is_file() => {
                StoreUrl::Sqlite(directory.join(FILE))
            }
            (None, _) => return Ok(None),
        };
        let inspector = runtime.block_on(Inspector::open(&store))?;
        let runtime = runtime.clone();
        Ok(Some(Self { inspector, runtime }))
    }

    /// The number of tables and views searched.
    pub(super) fn relations(&self) -> usize {
        self.inspector.relations().len()
    }

    /// The rows of these tenants in tables; an existing session has some.
    pub(super) fn held(&self, tenants: &[Uuid]) -> Result<u64, Failure> {
        Ok(self.runtime.block_on(self.inspector.held(tenants))?)
    }

    /// The rows of these tenants in tables and views.
    pub(super) fn residue(&self, tenants: &[Uuid]) -> Result<Vec<Residue>, Failure> {
        Ok(self.runtime.block_on(self.inspector.residue(tenants))?)
    }
}
