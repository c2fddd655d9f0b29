//! Why a receipt cannot be sealed or opened.

use serde_json::Number;

/// The form of the receipts of this version.
pub(super) const FORM: u32 = 1;

pub(super) const ALGORITHM: &str = "Ed25519";

/// Why a receipt cannot be sealed, or is not proven by its signature.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    #[error("the key is not an Ed25519 key in hexadecimal")]
    Key,
    #[error("it is not a receipt")]
    Unreadable(#[source] serde_json::Error),
    #[error("it is signed with `{algorithm}`, and this version knows {ALGORITHM}")]
    Algorithm { algorithm: String },
    #[error("it is of the form {form}, and this version knows {FORM}")]
    Form { form: u64 },
    #[error("it was signed with the key {signed}, not with {asked}")]
    OtherKey { signed: String, asked: String },
    /// RFC 8785 writes numbers as doubles: another receipt would have the same canonical form.
    #[error(
        "it has the whole number {0}: from 2^53 on, a signature does not tell whole numbers apart"
    )]
    Inexact(Number),
    #[error("its signature does not hold: it was changed since it was signed")]
    Forged,
}
