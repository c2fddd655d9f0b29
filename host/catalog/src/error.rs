//! Why a catalog cannot be used.

use std::path::PathBuf;

use levain_model::fault::Fault;

#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The catalog file itself cannot be read.
    #[error("the catalog {} cannot be read", file.display())]
    Unreadable {
        file: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// It, or a file that it names, has faults.
    #[error("the catalog {} has {} {}", file.display(), faults.len(), if faults.len() == 1 { "fault" } else { "faults" })]
    Invalid {
        /// The catalog file, which the faults' sources are relative to.
        file: PathBuf,
        /// All faults.
        faults: Vec<Fault>,
    },
}
