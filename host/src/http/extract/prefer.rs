//! `Prefer: respond-async` (RFC 7240, section 4.1).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// What a caller would rather have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct Prefer {
    /// An answer at once, before the work is done.
    pub(in crate::http) respond_async: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Prefer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let values = parts.headers.get_all("prefer").iter();
        let respond_async = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|preference| preference.split(';').next())
            .any(|preference| preference.trim().eq_ignore_ascii_case("respond-async"));
        Ok(Self { respond_async })
    }
}
