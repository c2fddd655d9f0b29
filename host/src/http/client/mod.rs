//! Who is at the other end: the address that a request comes from, and how often one may create.

mod address;
mod may_create;
mod rate;

pub use address::TrustedProxies;
pub(super) use may_create::MayCreate;
pub use rate::{CreationRate, Pace};
