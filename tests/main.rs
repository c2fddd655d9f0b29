//! Behaviour proved through the real parts: the real router, real components in the real sandbox,
//! a real store. One binary, so that the components are compiled once.

mod api;
mod cli;
mod conformance;
mod recovery;
mod sandbox;
mod support;
