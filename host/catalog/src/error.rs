//! Why a catalog cannot be used.

use std::path::PathBuf;

use levain_model::fault::Fault;

/// Why a catalog cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The catalog file itself cannot be read.
    #[error("the catalog {} cannot be read", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// Something in it, or in what it names, is wrong.
    #[error("the catalog {} has {} {}", file.display(), faults.len(), if faults.len() == 1 { "fault" } else { "faults" })]
    Invalid {
        /// The catalog file, which the faults' sources are relative to.
        file: PathBuf,
        /// Every fault there is.
        faults: Vec<Fault>,
    },
}
