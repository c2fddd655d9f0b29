//! A JSON object as a request's body, its fields in order and none of them twice.

use std::fmt;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::http::problem::{Problem, Violation};

/// How long a client may take to send a body.
const READ_WITHIN: Duration = Duration::from_secs(30);

/// The fields of a body, as they came.
#[derive(Debug)]
pub(in crate::http) struct JsonObject(pub(super) Vec<(String, Value)>);

impl<S: Send + Sync> FromRequest<S> for JsonObject {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(unsupported());
        }
        parse(&read(request, state, READ_WITHIN).await?)
    }
}

async fn read<S: Send + Sync>(
    request: Request,
    state: &S,
    within: Duration,
) -> Result<Bytes, Problem> {
    match tokio::time::timeout(within, Bytes::from_request(request, state)).await {
        Ok(read) => read.map_err(|rejection| unread(&rejection)),
        Err(_) => Err(too_slow(within)),
    }
}

/// Whether the body is said to be JSON (`application/json`, or a type that ends in `+json`).
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

pub(super) fn unsupported() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "The body is not JSON",
        "the body must be JSON and say so",
    )
    .with_hint("Content-Type: application/json")
}

/// The body is longer than this host reads.
pub(in crate::http) fn too_large(limit: Option<usize>) -> Problem {
    let detail = match limit {
        Some(bytes) => format!("the body may have at most {bytes} bytes"),
        None => "the body is longer than this host reads".to_owned(),
    };
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        "The body is too large",
        detail,
    )
}

pub(super) fn too_slow(within: Duration) -> Problem {
    let title = "The body took too long";
    let detail = format!("the body was not whole within {} s", within.as_secs_f64());
    Problem::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", title, detail)
}

fn unread(rejection: &BytesRejection) -> Problem {
    match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            too_large(None)
        }
        _ => unreadable(),
    }
}

/// The body broke off.
pub(super) fn unreadable() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "body_unreadable",
        "The body could not be read",
        "the body ended before it was whole",
    )
}

pub(super) fn parse(bytes: &[u8]) -> Result<JsonObject, Problem> {
    if bytes.is_empty() {
        return Err(malformed("the body is empty; a JSON object is expected"));
    }
    serde_json::from_slice(bytes).map_err(|error| unparsed(&error))
}

/// A body that is no JSON, or is not what it should be.
pub(in crate::http) fn unparsed(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    if !error.is_data() {
        return malformed(&text);
    }
    // The position says nothing of use here; the sentence does.
    let sentence = text.rsplit_once(" at line ");
    let sentence = sentence.map_or(text.as_str(), |(before, _)| before);
    Problem::invalid(vec![Violation::at("", sentence)])
}

fn malformed(detail: &str) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "malformed_json",
        "The body is not JSON",
        detail,
    )
}

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = JsonObject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(JsonObject(fields))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::HeaderValue;

    use super::*;

    #[tokio::test]
    async fn slow_body_returns_408() {
        let endless = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        let request = Request::new(Body::from_stream(endless));
        let refusal = read(request, &(), Duration::from_millis(5))
            .await
            .unwrap_err();
        assert_eq!(
            (refusal.status().as_u16(), refusal.code()),
            (408, "body_too_slow")
        );
    }

    #[test]
    fn content_type_must_be_json() {
        let says = |text| {
            is_json(&HeaderMap::from_iter([(
                header::CONTENT_TYPE,
                HeaderValue::from_static(text),
            )]))
        };
        assert!(says("application/json"));
        assert!(says("Application/JSON; charset=utf-8"));
        assert!(says("application/merge-patch+json"));
        assert!(!says("text/json"));
        assert!(!says("application/jsonx"));
        assert!(!is_json(&HeaderMap::new()));
    }

    #[test]
    fn non_object_and_non_json_have_different_codes() {
        let code = |text: &[u8]| parse(text).map(|_| ()).map_err(|problem| problem.code());
        assert_eq!(code(br#"{"a":1}"#), Ok(()));
        assert_eq!(code(b"[1]"), Err("invalid_request"));
        assert_eq!(code(b"7"), Err("invalid_request"));
        assert_eq!(code(b""), Err("malformed_json"));
        assert_eq!(code(b"{\"a\":"), Err("malformed_json"));
        assert_eq!(code(b"{\"a\":1} 2"), Err("malformed_json"));
        assert_eq!(code(b"{\"a\":\"\xff\"}"), Err("malformed_json"));
        assert_eq!(code("[".repeat(9000).as_bytes()), Err("invalid_request"));
        let deep = format!("{{\"a\":{}", "[".repeat(9000));
        assert_eq!(code(deep.as_bytes()), Err("malformed_json"));
    }
}
