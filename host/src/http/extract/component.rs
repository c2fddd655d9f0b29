//! Components in a request's body: one as it is, or several in JSON.

use std::time::Duration;

use axum::body::{self, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;

use super::body::{JsonObject, is_json, parse, too_large, too_slow, unsupported};
use crate::http::HttpState;
use crate::http::problem::Problem;

/// How long a client may take to send components.
const READ_WITHIN: Duration = Duration::from_secs(300);

/// A body that may be as large as components are; it is read when it is asked for.
#[derive(Debug)]
pub(in crate::http) struct ComponentBody {
    body: body::Body,
    headers: HeaderMap,
}

impl FromRequest<HttpState> for ComponentBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &HttpState) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let headers = parts.headers;
        Ok(Self { body, headers })
    }
}

impl ComponentBody {
    /// One component, as it is.
    ///
    /// # Errors
    /// 408, 413.
    pub(in crate::http) async fn component(self, state: &HttpState) -> Result<Bytes, Problem> {
        read(self.body, state.largest_component).await
    }

    /// A JSON object with components in it.
    ///
    /// # Errors
    /// 400, 408, 413, 415.
    pub(in crate::http) async fn object(self, state: &HttpState) -> Result<JsonObject, Problem> {
        if !is_json(&self.headers) {
            return Err(unsupported());
        }
        parse(&read(self.body, state.largest_plugins_body()).await?)
    }
}

async fn read(body: body::Body, most: usize) -> Result<Bytes, Problem> {
    match tokio::time::timeout(READ_WITHIN, body::to_bytes(body, most)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        // It ended too soon, or not soon enough; of the two the second is what one has to be told.
        Ok(Err(_)) => Err(too_large(Some(most))),
        Err(_) => Err(too_slow(READ_WITHIN)),
    }
}
