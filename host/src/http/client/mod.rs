//! Who is at the other end: the address that a request comes from, how often one may create, how much one may
//! read, and how often one may be wrong about a key.

mod address;
mod guesses;
mod rate;
mod reads;
mod share;

pub use address::TrustedProxies;
pub(super) use address::network;
pub use guesses::Guesses;
pub(super) use guesses::too_many_guesses;
pub use rate::{ClientRate, Pace};
pub(super) use reads::{ClientRead, ReadTurn};
pub use reads::{ReadBounds, Reads};
pub(super) use share::{Share, Shares};
