//! The room's own tests: through the real router, over a library instead of the sessions.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod bad_input;
mod data;
mod description;
mod operations;
mod services;
mod sessions;
