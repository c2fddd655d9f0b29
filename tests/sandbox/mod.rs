//! Plugins that misbehave: each is one typed failure, and costs the others nothing.

mod aborts;
mod admission;
mod budget;
mod flood;
mod handmade;
mod images;
mod isolation;
mod misbehaviour;
mod purity;
mod siege;
mod triggers;
mod turns;
mod words;
