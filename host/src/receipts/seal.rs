//! Signing with Ed25519 (RFC 8032) over the canonical form of the receipt (RFC 8785), so that the JSON may be
//! formatted again on the way.

use std::fmt;
use std::str::FromStr;

use ed25519_compact::{PublicKey as Key, SecretKey, Signature};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::error::{ALGORITHM, FORM, ReceiptError};
use super::model::Receipt;
use levain_model::{hex, sha256_hex, unhex};

/// Binds the signature to its purpose.
const PURPOSE: &str = "levain:receipt:1\n";

pub struct Seal {
    secret: SecretKey,
    public: PublicKey,
}

/// Checks receipts. Its text is hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(Key);

/// A receipt and its signature.
#[derive(Serialize, Deserialize)]
struct Sealed {
    receipt: Value,
    signature: Signed,
}

#[derive(Serialize, Deserialize)]
struct Signed {
    algorithm: String,
    key_id: String,
    value: String,
}

impl Seal {
    /// A seal with this key of 64 bytes: the seed, then its public key.
    ///
    /// # Errors
    /// [`ReceiptError::Key`].
    pub fn new(key: &[u8]) -> Result<Self, ReceiptError> {
        let secret = SecretKey::from_slice(key).map_err(|_| ReceiptError::Key)?;
        let public = PublicKey(secret.public_key());
        // A public key of another seed could not check the signatures.
        secret
            .validate_public_key(&public.0)
            .map_err(|_| ReceiptError::Key)?;
        Ok(Self { secret, public })
    }

    /// The key that checks its receipts.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The receipt with its signature, as JSON.
    ///
    /// # Errors
    /// [`ReceiptError::Unreadable`] for a receipt that cannot be written as JSON, [`ReceiptError::Inexact`].
    pub fn seal(&self, receipt: &Receipt) -> Result<String, ReceiptError> {
        self.sign(serde_json::to_value(receipt).map_err(ReceiptError::Unreadable)?)
    }

    /// The same for the JSON of a receipt.
    pub(super) fn sign(&self, receipt: Value) -> Result<String, ReceiptError> {
        let signature = self.secret.sign(signed_text(&receipt)?, None);
        let sealed = Sealed {
            receipt,
            signature: Signed {
                algorithm: ALGORITHM.to_owned(),
                key_id: self.public.id(),
                value: hex(&*signature),
            },
        };
        serde_json::to_string(&sealed).map_err(ReceiptError::Unreadable)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

impl PublicKey {
    /// A short name of the key.
    #[must_use]
    pub fn id(&self) -> String {
        sha256_hex(&*self.0).chars().take(16).collect()
    }

    /// The receipt in a document, if this key signed it and nothing changed since.
    ///
    /// # Errors
    /// [`ReceiptError`]: the document proves nothing.
    pub fn open(&self, document: &str) -> Result<Receipt, ReceiptError> {
        let sealed: Sealed = serde_json::from_str(document).map_err(ReceiptError::Unreadable)?;
        let Signed {
            algorithm,
            key_id,
            value,
        } = sealed.signature;
        if algorithm != ALGORITHM {
            return Err(ReceiptError::Algorithm { algorithm });
        }
        if key_id != self.id() {
            return Err(ReceiptError::OtherKey {
                signed: key_id,
                asked: self.id(),
            });
        }
        let signature = unhex(&value).ok_or(ReceiptError::Forged)?;
        let signature = Signature::from_slice(&signature).map_err(|_| ReceiptError::Forged)?;
        self.0
            .verify(signed_text(&sealed.receipt)?, &signature)
            .map_err(|_| ReceiptError::Forged)?;
        match sealed.receipt.get("form").and_then(Value::as_u64) {
            Some(form) if form != u64::from(FORM) => Err(ReceiptError::Form { form }),
            _ => serde_json::from_value(sealed.receipt).map_err(ReceiptError::Unreadable),
        }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&*self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = ReceiptError;

    fn from_str(text: &str) -> Result<Self, ReceiptError> {
        let bytes = unhex(text.trim()).ok_or(ReceiptError::Key)?;
        let key = Key::from_slice(&bytes).map_err(|_| ReceiptError::Key)?;
        key.validate().map_err(|_| ReceiptError::Key)?;
        Ok(Self(key))
    }
}

fn signed_text(receipt: &Value) -> Result<String, ReceiptError> {
    if let Some(number) = inexact(receipt) {
        return Err(ReceiptError::Inexact(number.clone()));
    }
    let canonical =
        serde_json_canonicalizer::to_string(receipt).map_err(ReceiptError::Unreadable)?;
    Ok(format!("{PURPOSE}{canonical}"))
}

/// The first integer that a double cannot represent exactly: RFC 8785 writes every number as a double.
fn inexact(value: &Value) -> Option<&Number> {
    const EXACT: u64 = 1 << 53;
    match value {
        Value::Number(number) => {
            let size = number.as_i64().map(i64::unsigned_abs).or(number.as_u64());
            (size? >= EXACT).then_some(number)
        }
        Value::Array(items) => items.iter().find_map(inexact),
        Value::Object(fields) => fields.values().find_map(inexact),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::receipts::{SegmentReceipt, TenantReceipt};

    /// The key of RFC 8032, section 7.1, test 1.
    const KEY: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    fn seal() -> Seal {
        Seal::new(&unhex(KEY).unwrap()).unwrap()
    }

    fn noon() -> DateTime<Utc> {
        "2026-03-02T12:00:00.000123Z".parse().unwrap()
    }

    fn receipt() -> Receipt {
        Receipt {
            form: FORM,
            session_digest: sha256_hex(b"demo_0001"),
            account: "library".to_owned(),
            catalog_digest: "c0ffee".to_owned(),
            engine: "an engine".to_owned(),
            session_created_at: noon(),
            base_reference: noon(),
            plugin_revision: None,
            epoch: 1,
            sealed_at: noon(),
            tenants: vec![TenantReceipt {
                tenant_id: Uuid::from_u128(7),
                base_tenant_id: Uuid::from_u128(8),
                outlet: Some("größe «ß»".to_owned()),
                calls: vec![super::super::CallReceipt {
                    domain: "lending".to_owned(),
                    trigger: None,
                    component_digest: Some("ab".to_owned()),
                    fixture_digest: None,
                    duration_us: Some(1_234),
                    peak_memory_bytes: Some(1 << 40),
                }],
                segments: vec![SegmentReceipt {
                    domain: "lending".to_owned(),
                    entity: "loan".to_owned(),
                    part: String::new(),
                    records: 3,
                    bytes: 120,
                    sha256: "cd".to_owned(),
                }],
            }],
        }
    }

    #[test]
    fn sealed_receipt_opens_in_any_layout() {
        let seal = seal();
        let sealed = seal.seal(&receipt()).unwrap();
        let key: PublicKey = seal.public_key().to_string().parse().unwrap();
        assert_eq!(key.open(&sealed).unwrap(), receipt());
        let value: Value = serde_json::from_str(&sealed).unwrap();
        assert_eq!(key.open(&format!("{value:#}")).unwrap(), receipt());
        assert_eq!(Receipt::read(&sealed).unwrap(), receipt());
    }

    /// Every value of a receipt, and of its signature.
    fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    pointers(value, &format!("{at}/{name}"), all);
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    pointers(value, &format!("{at}/{index}"), all);
                }
            }
            _ => all.push(at.to_owned()),
        }
    }

    #[test]
    fn every_changed_value_is_detected() {
        let seal = seal();
        let sealed: Value = serde_json::from_str(&seal.seal(&receipt()).unwrap()).unwrap();
        let mut all = Vec::new();
        pointers(&sealed, "", &mut all);
        assert!(all.len() > 20, "{all:?}");
        for pointer in all {
            let mut changed = sealed.clone();
            let value = changed.pointer_mut(&pointer).unwrap();
            *value = match &*value {
                Value::String(text) if text.is_empty() => json!("x"),
                Value::String(text) => json!(text.chars().rev().chain(['0']).collect::<String>()),
                Value::Number(number) => json!(number.as_f64().unwrap() + 1.0),
                _ => json!("x"),
            };
            assert!(
                seal.public_key().open(&changed.to_string()).is_err(),
                "{pointer}"
            );
        }
        let mut more = sealed;
        more["receipt"]["note"] = json!("added");
        let refused = seal.public_key().open(&more.to_string());
        assert!(matches!(refused, Err(ReceiptError::Forged)), "{refused:?}");
    }

    #[test]
    fn another_key_is_rejected() {
        let sealed = seal().seal(&receipt()).unwrap();
        let pair = ed25519_compact::KeyPair::from_seed(ed25519_compact::Seed::new([7; 32]));
        let other = PublicKey(pair.pk);
        let refused = other.open(&sealed);
        assert!(
            matches!(refused, Err(ReceiptError::OtherKey { .. })),
            "{refused:?}"
        );
        // Also where the signature says that it is that key's.
        let mut claimed: Value = serde_json::from_str(&sealed).unwrap();
        claimed["signature"]["key_id"] = json!(other.id());
        let refused = other.open(&claimed.to_string());
        assert!(matches!(refused, Err(ReceiptError::Forged)), "{refused:?}");
    }

    #[test]
    fn other_documents_are_not_receipts() {
        let seal = seal();
        let key = seal.public_key();
        for text in ["", "{}", "[]", "{\"receipt\":{},\"signature\":7}"] {
            assert!(
                matches!(key.open(text), Err(ReceiptError::Unreadable(_))),
                "{text}"
            );
        }
        let mut later = serde_json::to_value(receipt()).unwrap();
        later["form"] = json!(2);
        let signature = seal.secret.sign(signed_text(&later).unwrap(), None);
        let signature =
            json!({"algorithm": ALGORITHM, "key_id": key.id(), "value": hex(&*signature)});
        let mut document = json!({"receipt": later, "signature": signature});
        let refused = key.open(&document.to_string());
        assert!(
            matches!(refused, Err(ReceiptError::Form { form: 2 })),
            "{refused:?}"
        );
        document["signature"]["algorithm"] = json!("none");
        let refused = key.open(&document.to_string());
        assert!(
            matches!(refused, Err(ReceiptError::Algorithm { .. })),
            "{refused:?}"
        );
        for text in ["", "00", "zz", &"00".repeat(32)] {
            assert!(text.parse::<PublicKey>().is_err(), "{text}");
        }
    }
}
