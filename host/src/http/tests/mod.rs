//! The room's own tests: through the real router, over a library instead of the sessions.

mod bad_input;
mod data;
mod description;
mod operations;
mod services;
mod sessions;
