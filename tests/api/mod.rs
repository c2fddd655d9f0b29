//! The HTTP API, call by call, through the real router over real sessions; and the tables that it
//! leaves in the store.

mod access;
mod accounts;
mod asynchronous;
mod bad_input;
mod creation;
mod deletion;
mod description;
mod expiry;
mod filters;
mod listing;
mod operations;
mod reproduction;
mod service_clone;
mod service_deletion;
mod service_exists;
mod service_export;
mod sql;
mod visit;
