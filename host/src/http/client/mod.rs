//! Tells clients apart by address, and bounds what each may do: creations, reads and wrong keys.

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
