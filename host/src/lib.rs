//! Levain: a WebAssembly plugin runtime that makes instant, deterministic, disposable demo
//! sessions.
//!
//! The rooms of the host, each with one owner, and the way the arrows point:
//!
//! ```text
//! http, cli  ->  sessions  ->  sandbox, catalog, repo, mirror, notices
//! ```
//!
//! [`app`] is the only place that wires them together, [`config`] the only one that knows every
//! setting, [`clock`] the only one that asks the machine for the time; [`metrics`] and [`traces`] are
//! what every room tells of itself. Nothing here knows a trade: what a session holds is named by the
//! catalog.

mod allocator;
pub mod app;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod config;
mod failpoint;
pub mod fault;
#[doc(hidden)]
pub mod fuzzing;
pub mod http;
pub mod keys;
pub mod logging;
pub mod metrics;
pub mod mirror;
pub mod model;
pub mod notices;
pub mod plugins;
pub mod receipts;
pub mod repo;
pub mod sandbox;
pub mod secret;

pub mod sessions;
pub mod traces;
