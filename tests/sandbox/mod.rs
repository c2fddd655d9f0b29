//! Plugins that misbehave: each is one typed failure, and costs the others nothing.

mod admission;
mod budget;
mod flood;
mod handmade;
mod images;
mod misbehaviour;
mod purity;
mod siege;
mod triggers;
mod turns;
mod words;
