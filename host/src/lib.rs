//! Levain: a WebAssembly plugin runtime that creates instant, deterministic, disposable demo sessions.
//!
//! The rooms of the host, each with one owner. Arrows point from who imports to what is imported:
//!
//! ```text
//! http, cli  ->  revisions  ->  sessions  ->  plugins, sandbox, receipts, mirror, notices  ->  catalog, store  ->  model
//! ```
//!
//! The catalog, the store and the model are crates of their own (`levain-catalog`, `levain-store`, `levain-model`):
//! they know no wasmtime, no HTTP and no sessions. [`app`] is the only place that wires the rooms together, [`config`]
//! gathers their settings, [`clock`] is the only one that reads the machine's time; [`metrics`] and [`traces`] export
//! what the rooms report. Nothing here knows a trade: the catalog names what a session holds.

mod allocator;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
#[doc(hidden)]
pub mod fuzzing;
pub mod http;
pub mod keys;
pub mod logging;
pub mod metrics;
pub mod mirror;
pub mod notices;
pub mod plugins;
pub mod receipts;
pub mod revisions;
pub mod sandbox;

pub mod sessions;
pub mod traces;
