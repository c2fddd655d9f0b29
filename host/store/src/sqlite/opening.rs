//! Opens the store: on a full disk as well, and a file of an earlier version.

use std::path::Path;
use std::sync::Arc;

use sqlx::migrate::MigrateError;

use super::checkpoint::Checkpointer;
use super::connect::Connections;
use super::lock::DirectoryLock;
use super::room::Room;
use super::writing::begin;
use super::{SqliteRepo, shrink, views, within};
use crate::{OpenError, RepoError, migrations, registry};
use levain_model::CatalogClaim;

impl SqliteRepo {
    /// Opens the database file, which is made with its directory where it is missing, brings its
    /// tables and views up to date, and holds the directory until the store is dropped.
    ///
    /// # Errors
    /// [`OpenError::Held`] where another host holds the directory; the others where the file
    /// cannot be used, or the catalog's views cannot be made.
    pub async fn open(file: &Path, catalog: &CatalogClaim<'_>) -> Result<Self, OpenError> {
        let directory = match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let lock = DirectoryLock::take(directory)?;
        let room = Arc::new(Room::beside(file));
        let connections = match prepare(file, catalog).await {
            Err(OpenError::Repo(error @ RepoError::Full { .. })) => {
                room.run_short(&error);
                room.give_up();
                prepare(file, catalog).await?
            }
            prepared => prepared?,
        };
        if let Err(error) = shrink::enable(&connections).await {
            let error = levain_model::fault::chain(&error);
            tracing::warn!(
                error,
                "the database is of an earlier version and was not rewritten"
            );
        }
        let checkpointer = Checkpointer::start(connections.clone(), Arc::clone(&room));
        Ok(Self {
            connections,
            checkpointer,
            room,
            _lock: lock,
        })
    }
}

/// Opens the file and brings its tables and views up to date.
async fn prepare(file: &Path, catalog: &CatalogClaim<'_>) -> Result<Connections, OpenError> {
    let connections = Connections::open(file).await?;
    migrations::sqlite()
        .run(&connections.writer)
        .await
        .map_err(|source| not_migrated(file, source))?;
    let mut transaction = begin(&connections).await?;
    registry::claim(&mut within(&mut transaction), catalog).await?;
    views::refresh(&mut transaction, catalog.views).await?;
    transaction.commit().await?;
    Ok(connections)
}

fn not_migrated(file: &Path, source: MigrateError) -> OpenError {
    let store = file.display().to_string();
    match source {
        MigrateError::VersionMissing(version) => OpenError::Later { store, version },
        MigrateError::Execute(source) => source.into(),
        source => OpenError::Migrate { store, source },
    }
}
