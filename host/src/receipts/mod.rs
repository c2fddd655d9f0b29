//! Owns receipts: what a session was created from, in a signed document that can be checked without the host.
//!
//! Never: storage, HTTP, or what the records mean.

mod error;
#[doc(hidden)]
pub mod fuzzing;
mod model;
mod seal;

pub use error::ReceiptError;
pub use model::{CallReceipt, Circumstances, Receipt, SegmentReceipt, TenantReceipt};
pub use seal::{PublicKey, Seal};
