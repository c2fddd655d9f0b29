//! The room's own tests: through the real router, over a library instead of the sessions.

mod bad_input;
mod data;
mod description;
mod events;
mod keys;
mod lifecycle;
mod operations;
mod plugins;
mod products;
mod rate;
mod reads;
mod receipts;
mod repetition;
mod services;
mod sessions;
mod triggers;
