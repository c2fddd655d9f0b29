//! Fuzz target of receipts: see [`crate::fuzzing`].

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::error::FORM;
use super::{PublicKey, Receipt, ReceiptError, Seal};
use crate::fuzzing::LONGEST_TEXT;
use levain_model::unhex;

/// The key of RFC 8032, section 7.1, test 1.
const KEY: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

static SEAL: LazyLock<Seal> = LazyLock::new(|| {
    let key = unhex(KEY).unwrap_or_default();
    match Seal::new(&key) {
        Ok(seal) => seal,
        Err(error) => panic!("{error}"),
    }
});

/// Only sealed receipts open, and a sealed receipt opens in any layout.
///
/// # Panics
/// If a property is violated.
pub fn receipt(data: &[u8]) {
    if let Ok(key) = Seal::new(data) {
        assert_eq!(data.len(), 64);
        check_key(key.public_key());
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(key) = text.parse::<PublicKey>() {
        check_key(&key);
    }
    document(text);
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        any_value(value);
    }
    let wrapped = format!("{{\"receipt\":{text}}}");
    if let Ok(receipt) = Receipt::read(&wrapped) {
        sealed(&receipt);
    }
}

fn check_key(key: &PublicKey) {
    assert_eq!(
        key.to_string().parse::<PublicKey>().ok().as_ref(),
        Some(key)
    );
    assert_eq!(key.id().len(), 16);
}

fn document(text: &str) {
    match SEAL.public_key().open(text) {
        Ok(opened) => {
            assert!(Receipt::read(text).is_ok_and(|read| read == opened));
            sealed(&opened);
        }
        Err(error) => check_error(&error, text),
    }
}

/// Any signed JSON: its signature is valid, and it is a receipt or is rejected as none.
fn any_value(value: Value) {
    let Ok(document) = SEAL.sign(value) else {
        return;
    };
    match SEAL.public_key().open(&document) {
        Ok(receipt) => sealed(&receipt),
        Err(error) => {
            assert!(
                matches!(
                    error,
                    ReceiptError::Form { .. } | ReceiptError::Unreadable(_)
                ),
                "{error}"
            );
            check_error(&error, &document);
        }
    }
}

/// A receipt that is sealed opens, and with one number changed it does not.
fn sealed(receipt: &Receipt) {
    let document = match SEAL.seal(receipt) {
        Ok(document) => document,
        Err(error) => {
            check_error(&error, "");
            return;
        }
    };
    let opened = SEAL.public_key().open(&document);
    if receipt.form != FORM {
        assert!(matches!(opened, Err(ReceiptError::Form { .. })));
        return;
    }
    assert!(opened.is_ok_and(|opened| opened == *receipt));
    let Ok(mut value) = serde_json::from_str::<Value>(&document) else {
        panic!("a sealed receipt is no JSON");
    };
    let pretty = SEAL.public_key().open(&format!("{value:#}"));
    assert!(pretty.is_ok_and(|opened| opened == *receipt));
    let Some(number) = value.pointer_mut("/receipt/tenants/0/segments/0/bytes") else {
        return;
    };
    *number = json!(number.as_u64().unwrap_or_default() ^ 1);
    let forged = SEAL.public_key().open(&value.to_string());
    assert!(matches!(forged, Err(ReceiptError::Forged)), "{forged:?}");
}

fn check_error(error: &ReceiptError, text: &str) {
    let text_of = levain_model::fault::chain(error);
    assert!(text_of.len() <= text.len() + LONGEST_TEXT, "{text_of}");
}
