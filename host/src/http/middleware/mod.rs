//! What happens to every request: a name, a span, a bound on its URL, its body and its client's reads, headers
//! that a browser heeds, and an answer even where a handler panics.

mod fallback;
mod harden;
mod length;
mod observe;
mod reads;

pub(super) use fallback::{method_not_allowed, panicked, route_not_found};
pub(super) use harden::harden;
pub(super) use length::bound_length;
pub(super) use observe::observe;
pub(super) use reads::bound_reads;
