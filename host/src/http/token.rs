//! Access tokens: PASETO v4.public, signed with Ed25519 (<https://github.com/paseto-standard/paseto-spec>).
//!
//! A token names the session and the tenants that it opens. The row of the session decides whether it still does: a
//! token ends with its session, and stays valid through an extension or a reset. Its own `exp` is the latest end
//! that extensions can give the session.

use std::fmt;

use chrono::{DateTime, Utc};
use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey};
use pasetors::token::{Public, UntrustedToken};
use pasetors::version4::{PublicToken, V4};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::sessions::SessionPolicy;
use levain_model::Session;

/// Binds the signature to its purpose: nothing else signed by this key is an access token.
const PURPOSE: &[u8] = b"levain:access-token:1";

/// Longer than any token of this host; a longer text is rejected unread.
const LONGEST: usize = 16 * 1024;

/// Signs access tokens and verifies them.
pub struct Tokens {
    secret: AsymmetricSecretKey<V4>,
    public: AsymmetricPublicKey<V4>,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The session that it opens.
    pub sid: String,
    /// The session's tenants.
    pub tenants: Vec<Uuid>,
    /// When it was issued.
    pub iat: DateTime<Utc>,
    /// When it ends at the latest, whatever the session's row says.
    pub exp: DateTime<Utc>,
}

/// Why there is no token, or why it is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The key is not 64 bytes of seed and public key, or the two do not belong together.
    #[error("the key that signs access tokens is not an Ed25519 key pair")]
    Key,
    /// A token could not be signed.
    #[error("the access token could not be signed")]
    Unsigned,
    /// It was not signed with this key, or was changed since.
    #[error("the access token is not valid")]
    Invalid,
}

impl Claims {
    /// What a token of this session says: the same at every time, so that it can be given again.
    #[must_use]
    pub fn of(session: &Session, policy: SessionPolicy) -> Self {
        let longest = policy
            .duration
            .saturating_mul(policy.max_extensions.saturating_add(1));
        let latest = chrono::TimeDelta::from_std(longest)
            .ok()
            .and_then(|longest| session.created_at.checked_add_signed(longest))
            .unwrap_or(session.expires_at);
        Self {
            sid: session.session_id.clone(),
            tenants: session
                .tenants
                .iter()
                .map(|tenant| tenant.tenant_id)
                .collect(),
            iat: session.created_at,
            exp: latest.max(session.expires_at),
        }
    }
}

impl Tokens {
    /// Tokens of this key: 64 bytes, the Ed25519 seed and its public key.
    ///
    /// # Errors
    /// [`TokenError::Key`].
    pub fn new(key: &[u8]) -> Result<Self, TokenError> {
        // The library panics on a seed of zeros.
        let (Some(seed), Some(public)) = (key.get(..32), key.get(32..)) else {
            return Err(TokenError::Key);
        };
        if seed.iter().all(|byte| *byte == 0) {
            return Err(TokenError::Key);
        }
        Ok(Self {
            secret: AsymmetricSecretKey::from(key).map_err(|_| TokenError::Key)?,
            public: AsymmetricPublicKey::from(public).map_err(|_| TokenError::Key)?,
        })
    }

    /// Signs.
    ///
    /// # Errors
    /// [`TokenError::Unsigned`].
    pub fn issue(&self, claims: &Claims) -> Result<String, TokenError> {
        let payload = serde_json::to_vec(claims).map_err(|_| TokenError::Unsigned)?;
        PublicToken::sign(&self.secret, &payload, None, Some(PURPOSE))
            .map_err(|_| TokenError::Unsigned)
    }

    /// The claims of a token that this host signed. Its times are not checked here: that needs a clock and the row
    /// of the session.
    ///
    /// # Errors
    /// [`TokenError::Invalid`].
    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::Invalid);
        }
        let untrusted =
            UntrustedToken::<Public, V4>::try_from(token).map_err(|_| TokenError::Invalid)?;
        let trusted = PublicToken::verify(&self.public, &untrusted, None, Some(PURPOSE))
            .map_err(|_| TokenError::Invalid)?;
        serde_json::from_str(trusted.payload()).map_err(|_| TokenError::Invalid)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(..)")
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use pasetors::keys::{AsymmetricKeyPair, Generate as _};

    use super::*;
    use crate::http::testing::{POLICY, session};
    use levain_model::SessionStatus;

    fn tokens() -> Tokens {
        let pair = AsymmetricKeyPair::<V4>::generate().unwrap();
        Tokens::new(pair.secret.as_bytes()).unwrap()
    }

    #[test]
    fn token_round_trips() {
        let tokens = tokens();
        let claims = Claims::of(&session(SessionStatus::Ready), POLICY);
        let token = tokens.issue(&claims).unwrap();
        assert!(token.starts_with("v4.public."));
        assert_eq!(tokens.verify(&token), Ok(claims.clone()));
        assert_eq!(
            tokens.issue(&claims),
            Ok(token),
            "a token can be given again"
        );
    }

    #[test]
    fn token_lasts_until_the_last_possible_extension() {
        let mut session = session(SessionStatus::Ready);
        let claims = Claims::of(&session, POLICY);
        assert_eq!(claims.exp - session.created_at, TimeDelta::minutes(4 * 30));
        session.extensions = 1;
        session.expires_at += TimeDelta::minutes(30);
        assert_eq!(Claims::of(&session, POLICY), claims);
    }

    #[test]
    fn foreign_changed_and_malformed_tokens_are_rejected() {
        let tokens = tokens();
        let claims = Claims::of(&session(SessionStatus::Ready), POLICY);
        let token = tokens.issue(&claims).unwrap();
        assert_eq!(
            super::tests::tokens().verify(&token),
            Err(TokenError::Invalid)
        );
        for position in ["v4.public.".len(), token.len() / 2, token.len() - 3] {
            let mut bytes = token.clone().into_bytes();
            bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(tokens.verify(&changed), Err(TokenError::Invalid));
        }
        for rubbish in [
            "",
            "v4.public.",
            "v4.public.AAAA",
            "v4.local.AAAA",
            "a.b.c",
            &"x".repeat(20_000),
        ] {
            assert_eq!(tokens.verify(rubbish), Err(TokenError::Invalid));
        }
        let unbound = PublicToken::sign(
            &tokens.secret,
            &serde_json::to_vec(&claims).unwrap(),
            None,
            None,
        );
        assert_eq!(tokens.verify(&unbound.unwrap()), Err(TokenError::Invalid));
        let footed = PublicToken::sign(
            &tokens.secret,
            &serde_json::to_vec(&claims).unwrap(),
            Some(b"x"),
            Some(PURPOSE),
        );
        assert!(
            tokens.verify(&footed.unwrap()).is_ok(),
            "a footer is signed too"
        );
    }

    #[test]
    fn key_must_be_a_pair() {
        let pair = AsymmetricKeyPair::<V4>::generate().unwrap();
        let mut key = pair.secret.as_bytes().to_vec();
        key[40] ^= 1;
        for wrong in [&key[..], &[0; 64], &key[..63], &[]] {
            assert_eq!(Tokens::new(wrong).unwrap_err(), TokenError::Key);
        }
    }
}
