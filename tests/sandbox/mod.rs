//! Plugins that misbehave: each is one typed failure, and costs the others nothing.

mod misbehaviour;
mod purity;
mod triggers;
