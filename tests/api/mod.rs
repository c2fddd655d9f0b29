//! The HTTP API, call by call, through the real router over real sessions; and the tables that it
//! leaves in the store.

mod access;
mod accounts;
mod asynchronous;
mod bad_input;
mod clients;
mod creation;
mod crossfire;
mod deletion;
mod description;
mod events;
mod expiry;
mod filters;
mod interleavings;
mod lifecycle;
mod listing;
mod operations;
mod outlets;
mod products;
mod rate;
mod readable;
mod receipts;
mod repetition;
mod reproduction;
mod service_clone;
mod service_deletion;
mod service_exists;
mod service_export;
mod sql;
mod triggers;
mod visit;
