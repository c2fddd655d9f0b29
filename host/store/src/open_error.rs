//! Why a store could not be opened, whichever store it is.

use std::path::PathBuf;

use super::{RepoError, ViewError};

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another host holds the data directory.
    #[error("the data directory `{}` is held by another host{holder}", directory.display())]
    Held {
        /// The data directory.
        directory: PathBuf,
        /// ` (process 1234)` where the other left its number, or nothing.
        holder: String,
    },
    /// The data directory cannot be made or written.
    #[error("the data directory `{}` cannot be used", directory.display())]
    Directory {
        /// The data directory.
        directory: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database's tables could not be brought up to date.
    #[error("the database `{store}` could not be brought up to date")]
    Migrate {
        /// The database file, or what kind of server it is.
        store: String,
        /// Why.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// The database was written by a later version of this program.
    #[error(
        "the database `{store}` was written by a later version of levain (its revision {version} is unknown here)"
    )]
    Later {
        /// The database file, or what kind of server it is.
        store: String,
        /// The revision.
        version: i64,
    },
    /// The store is of another catalog, and was not to be given this one.
    #[error(
        "the store is of another catalog (`{stored}`, {stored_digest}) than this host serves (`{own}`, {own_digest}); `levain serve --replace-catalog true` has this one take its place"
    )]
    OtherCatalog {
        /// The name of the catalog in the store.
        stored: String,
        /// Its digest, shortened.
        stored_digest: String,
        /// The name of the catalog that is served.
        own: String,
        /// Its digest, shortened.
        own_digest: String,
    },
    /// A view has a name that it cannot have.
    #[error(transparent)]
    View(#[from] ViewError),
    /// A view has the name of a table or of a foreign view.
    #[error("`{name}` is in the database already and was not made by levain")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The database could not be read or written.
    #[error(transparent)]
    Repo(#[from] RepoError),
}
