//! A store that goes away under load and comes back: meanwhile requests are refused in a way that says when
//! to come again, and afterwards everything goes on as before, without a restart of the host.

mod disk;
mod load;
mod server;
