//! Behaviour proved through the real parts: the real router, real components in the real sandbox,
//! a real store. One binary, so that the components are compiled once.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect, in its helpers too"
)]

mod api;
mod architecture;
mod cli;
mod conformance;
mod operations;
mod recovery;
mod sandbox;
mod support;
mod versions;
