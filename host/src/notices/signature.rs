//! Signatures by which a receiver knows that a message is ours.
//! Source: Standard Webhooks, "Signature scheme", symmetric signatures (`v1`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use levain_model::Secret;

/// The bytes of a secret: `whsec_` and their base64.
pub fn secret_bytes(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.strip_prefix("whsec_")?).ok()
}

/// Signs messages.
#[derive(Clone)]
pub(super) struct Signer(Hmac<Sha256>);

impl Signer {
    /// With a secret that was checked with the settings; another signs with nothing, and is refused
    /// by every receiver.
    pub(super) fn new(secret: &Secret) -> Self {
        let key = secret_bytes(secret.reveal()).unwrap_or_default();
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let keyed = Hmac::new_from_slice(&key).expect("any length");
        Self(keyed)
    }

    /// The header `webhook-signature` of a message that is sent at a second of the Unix time.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the convention's reference implementations.
    #[test]
    fn the_example_of_the_convention_has_its_signature() {
        let signer = Signer::new(&Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        let signature = signer.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
