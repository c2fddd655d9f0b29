//! How a command ends.

/// How a command ended, where it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Well,
    /// It found a problem, and has said so.
    Problem,
}
