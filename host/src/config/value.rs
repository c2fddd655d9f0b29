//! Reads the text of a setting; a refusal says what would have been right.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use pasetors::keys::AsymmetricSecretKey;
use pasetors::version4::V4;

use super::{LogFormat, Secret};

/// Characters that a key of the internal API has at least.
const SHORTEST_KEY: usize = 16;

/// A whole number within bounds.
pub(super) fn whole<T>(text: &str, bounds: RangeInclusive<T>) -> Result<T, String>
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    text.parse()
        .ok()
        .filter(|number| bounds.contains(number))
        .ok_or_else(|| {
            format!(
                "is not a whole number from {} to {}",
                bounds.start(),
                bounds.end()
            )
        })
}

/// An address and a port.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "is not an address and port such as 127.0.0.1:8018".to_owned())
}

/// A path.
pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("is not a path".to_owned());
    }
    Ok(PathBuf::from(text))
}

/// A key that can stand in a header and is worth guessing at.
pub(super) fn api_key(text: &str) -> Result<Secret, String> {
    if text.len() < SHORTEST_KEY || !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err(format!(
            "is not a key: {SHORTEST_KEY} or more visible ASCII characters without spaces"
        ));
    }
    Ok(Secret::new(text))
}

/// A key that signs tokens: the 64 bytes of a PASETO v4.public secret key, in hexadecimal.
pub(super) fn token_key(text: &str) -> Result<Secret, String> {
    token_key_bytes(text)
        // An all-zero seed makes the cryptography crate panic instead of refuse.
        .filter(|bytes| bytes.iter().take(32).any(|byte| *byte != 0))
        .filter(|bytes| AsymmetricSecretKey::<V4>::from(bytes).is_ok())
        .map(|_| Secret::new(text))
        .ok_or_else(|| {
            "is not the 64 bytes of a PASETO v4.public secret key in hexadecimal".to_owned()
        })
}

/// The bytes of a token key's text.
pub(super) fn token_key_bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect::<Option<Vec<u8>>>()?;
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect()
}

/// Directives of what is logged.
pub(super) fn log_filter(text: &str) -> Result<String, String> {
    tracing_subscriber::EnvFilter::builder()
        .parse(text)
        .map(|_| text.to_owned())
        .map_err(|error| format!("is not a log filter such as `info,levain=debug` ({error})"))
}

/// How a log line looks.
pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "human" => Ok(LogFormat::Human),
        "json" => Ok(LogFormat::Json),
        _ => Err("is not one of auto, human, json".to_owned()),
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn numbers_keep_to_their_bounds() {
        assert_eq!(whole("7", 1..=9_u32), Ok(7));
        for text in ["0", "10", "-1", "1.5", "x", "", " 7"] {
            let refusal = whole(text, 1..=9_u32).unwrap_err();
            assert_eq!(refusal, "is not a whole number from 1 to 9");
        }
    }

    #[test]
    fn keys_are_long_and_fit_a_header() {
        assert!(api_key("0123456789abcdef").is_ok());
        for text in ["0123456789abcde", "0123456789 abcdef", "0123456789abcdeñ"] {
            assert!(api_key(text).is_err());
        }
    }

    #[test]
    fn token_keys_are_checked_whole() {
        assert!(token_key("00").is_err());
        assert!(token_key(&"0g".repeat(64)).is_err());
        assert!(token_key(&"00".repeat(64)).is_err(), "no seed");
        assert!(token_key(&"01".repeat(64)).is_err(), "halves do not match");
        assert!(token_key("0").is_err());
    }
}
