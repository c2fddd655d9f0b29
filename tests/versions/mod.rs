//! Versions of plugins: proven before they serve, changed under load, and gone back from.

mod bodies;
mod installing;
mod proof;
mod refusals;
mod replicas;
mod starting;
mod watched;
mod watching;
