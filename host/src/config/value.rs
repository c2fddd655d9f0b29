//! Reads the text of a setting; a refusal says what would have been right.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::Uri;
use ipnet::IpNet;
use redis::IntoConnectionInfo as _;

use crate::logging::LogFormat;
use crate::notices;
use levain_model::Secret;

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

/// A time in minutes, with decimals, within bounds.
pub(super) fn minutes(text: &str, bounds: RangeInclusive<f64>) -> Result<Duration, String> {
    decimal(text, bounds, "minutes").map(|minutes| Duration::from_secs_f64(60.0 * minutes))
}

/// A time in seconds, with decimals, within bounds.
pub(super) fn seconds(text: &str, bounds: RangeInclusive<f64>) -> Result<Duration, String> {
    decimal(text, bounds, "seconds").map(Duration::from_secs_f64)
}

fn decimal(text: &str, bounds: RangeInclusive<f64>, unit: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number| bounds.contains(number))
        .ok_or_else(|| {
            format!(
                "is not a number of {unit} from {} to {}",
                bounds.start(),
                bounds.end()
            )
        })
}

/// On or off, in the spellings that environments use.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("is neither true (yes, on, 1) nor false (no, off, 0)".to_owned()),
    }
}

/// An address and a port.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "is not an address and port such as 127.0.0.1:8018".to_owned())
}

/// Networks, or single addresses, with commas between them.
pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    text.split(',')
        .map(|network| {
            let network = network.trim();
            let single = || network.parse::<IpAddr>().map(IpNet::from);
            network.parse::<IpNet>().or_else(|_| single()).map_err(|_| {
                "is not a list of networks such as 10.0.0.0/8,192.168.1.7,fd00::/8".to_owned()
            })
        })
        .collect()
}

/// A path.
pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("is not a path".to_owned());
    }
    Ok(PathBuf::from(text))
}

/// The URL of a Redis.
pub(super) fn redis_url(text: &str) -> Result<Secret, String> {
    let refused = || "is not redis://:password@server:6379/0 (rediss:// with TLS)".to_owned();
    match text.into_connection_info() {
        Ok(_) if text.starts_with("redis") => Ok(Secret::new(text)),
        _ => Err(refused()),
    }
}

/// What keys in Redis begin with.
pub(super) fn key_prefix(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_graphic();
    match !text.is_empty() && text.chars().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("is not a prefix of visible ASCII characters such as demo:session".to_owned()),
    }
}

/// Where a webhook is sent.
pub(super) fn webhook_url(text: &str) -> Result<Secret, String> {
    let uri: Option<Uri> = text.parse().ok();
    uri.filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
        .map(|_| Secret::new(text))
        .ok_or_else(|| "is not a URL such as https://ops.example.org/hook".to_owned())
}

/// What a webhook is signed with.
/// Source: Standard Webhooks, "Signature scheme": 24 to 64 bytes, `whsec_` and their base64.
pub(super) fn webhook_secret(text: &str) -> Result<Secret, String> {
    notices::secret_bytes(text)
        .filter(|bytes| (24..=64).contains(&bytes.len()))
        .map(|_| Secret::new(text))
        .ok_or_else(|| "is not whsec_ and the base64 of 24 to 64 bytes".to_owned())
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
    fn times_may_have_decimals() {
        assert_eq!(minutes("0.5", 0.0..=1.0), Ok(Duration::from_secs(30)));
        for text in ["", "x", "-1", "2", "NaN", "inf"] {
            let refusal = seconds(text, 0.0..=1.0).unwrap_err();
            assert_eq!(refusal, "is not a number of seconds from 0 to 1");
        }
    }

    #[test]
    fn networks_are_ranges_or_addresses() {
        let read = networks("10.0.0.0/8, 192.168.1.7,fd00::/8").unwrap();
        let texts: Vec<String> = read.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["10.0.0.0/8", "192.168.1.7/32", "fd00::/8"]);
        for text in ["", "10.0.0.0/8,", "10.0.0.0/33", "proxy.example", "10.1"] {
            assert!(networks(text).is_err(), "{text}");
        }
    }

    #[test]
    fn switches_are_on_or_off() {
        for (text, on) in [("true", true), ("No", false), ("1", true), ("OFF", false)] {
            assert_eq!(switch(text), Ok(on));
        }
        for text in ["", "2", "t", "maybe", " true"] {
            assert!(switch(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_leaves_the_host_has_a_place_to_go() {
        for text in [
            "redis://localhost",
            "redis://:pw@r:6379/1",
            "rediss://u:p@r:1/0",
        ] {
            assert!(redis_url(text).is_ok(), "{text}");
        }
        for text in ["", "localhost:6379", "http://r", "redis://", "redis://r/x"] {
            assert!(redis_url(text).is_err(), "{text}");
        }
        assert!(key_prefix("demo:session").is_ok());
        assert!(key_prefix("").is_err() && key_prefix("a b").is_err());
        assert!(webhook_url("https://ops.example.org/hook?x=1").is_ok());
        for text in ["", "ops.example.org", "ftp://x/y", "https://", "/hook"] {
            assert!(webhook_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn webhook_secrets_are_of_the_convention() {
        // The example of the convention's own page.
        assert!(webhook_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_ok());
        for text in [
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!",
        ] {
            assert!(webhook_secret(text).is_err(), "{text}");
        }
    }
}
