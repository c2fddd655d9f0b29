//! Speaks HTTP with a running host, and reads its refusals (RFC 9457).

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use ureq::Agent;
use ureq::http::{Method, Request, header};

use super::failure::Failure;
use super::problem::Problem;
use levain_model::Secret;

/// The longest wait for a response: creations respond when they are done.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Longer than any proof takes.
const PROOF_TIMEOUT: Duration = Duration::from_secs(3600);

/// The largest response that is read, in bytes.
const LARGEST_RESPONSE: u64 = 64 << 20;

#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    url: String,
}

/// A response that is not a refusal.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Response {
    /// Parses the body.
    pub(super) fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Failure> {
        serde_json::from_str(&self.text).map_err(|source| ClientError::Unreadable { source }.into())
    }
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    #[error("no host answers at {url}")]
    Unreachable {
        url: String,
        #[source]
        source: ureq::Error,
    },
    #[error("the host's answer cannot be read")]
    Unreadable {
        #[source]
        source: serde_json::Error,
    },
    #[error("`{id}` is not a session's id")]
    Id { id: String },
}

/// A longer body, in bytes, is sent only after the host has accepted the request (`100-continue`).
const SENT_UNASKED: usize = 64 << 10;

#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    /// The internal key, if the call needs it.
    pub(super) key: Option<&'a Secret>,
    /// The session's access token, if its data is read.
    pub(super) token: Option<&'a str>,
    /// Whether to respond before the work is done.
    pub(super) respond_async: bool,
    /// The admin key, if plugins are changed.
    pub(super) admin_key: Option<&'a Secret>,
    pub(super) body: Option<Value>,
    /// A component as the body.
    pub(super) component: Option<Vec<u8>>,
}

impl<'a> Call<'a> {
    pub(super) fn new(method: Method, path: &'a str) -> Self {
        Self {
            method,
            path,
            key: None,
            token: None,
            respond_async: false,
            admin_key: None,
            body: None,
            component: None,
        }
    }

    pub(super) fn with_admin_key(mut self, key: Option<&'a Secret>) -> Self {
        self.admin_key = key;
        self
    }

    pub(super) fn with_token(mut self, token: Option<&'a str>) -> Self {
        self.token = token;
        self
    }

    pub(super) fn with_key(mut self, key: Option<&'a Secret>) -> Self {
        self.key = key;
        self
    }
}

impl Client {
    pub(super) fn new(url: &str) -> Self {
        Self::waiting(url, TIMEOUT)
    }

    /// A client that waits as long as a proof may take.
    pub(super) fn patient(url: &str) -> Self {
        Self::waiting(url, PROOF_TIMEOUT)
    }

    fn waiting(url: &str, timeout: Duration) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(timeout))
            // The host is local: a proxy for outside traffic does not apply.
            .proxy(None)
            .user_agent(concat!("levain/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Self {
            agent,
            url: url.trim_end_matches('/').to_owned(),
        }
    }

    /// Sends a request; a refusal becomes a failure with the host's reason.
    pub(super) fn call(&self, call: Call<'_>) -> Result<Response, Failure> {
        let mut request = Request::builder()
            .method(call.method)
            .uri(format!("{}{}", self.url, call.path))
            .header(header::ACCEPT, "application/json");
        if let Some(key) = call.key {
            request = request.header("X-Internal-API-Key", key.reveal());
        }
        if let Some(key) = call.admin_key {
            request = request.header("X-Admin-API-Key", key.reveal());
        }
        if let Some(token) = call.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if call.respond_async {
            request = request.header("Prefer", "respond-async");
        }
        let response = match (call.component, call.body) {
            (Some(component), _) => self.agent.run(
                request
                    .header(header::CONTENT_TYPE, "application/wasm")
                    // A host that refuses early does not receive the component.
                    .header(header::EXPECT, "100-continue")
                    .body(component)?,
            ),
            (None, Some(body)) => {
                let body = body.to_string();
                if body.len() > SENT_UNASKED {
                    request = request.header(header::EXPECT, "100-continue");
                }
                let request = request.header(header::CONTENT_TYPE, "application/json");
                self.agent.run(request.body(body)?)
            }
            (None, None) => self.agent.run(request.body(())?),
        };
        let mut response = response.map_err(|source| self.unreachable(source))?;
        let status = response.status();
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        let text = response
            .body_mut()
            .with_config()
            .limit(LARGEST_RESPONSE)
            .read_to_string()
            .map_err(|source| self.unreachable(source))?;
        if status.is_success() {
            return Ok(Response {
                status: status.as_u16(),
                text,
            });
        }
        let mut problem = Problem::read(&text, status, retry_after);
        let (lines, hint) = (problem.lines(), problem.hint.take());
        let failure = Failure::from(problem).with_details(lines);
        Err(match hint {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        })
    }

    fn unreachable(&self, source: ureq::Error) -> Failure {
        let url = self.url.clone();
        Failure::from(ClientError::Unreachable { url, source })
            .with_hint("start one with `levain serve`, or name another with --url")
    }
}

/// The path of a session. Rejects an id that would lead to another path.
pub(super) fn session_path(id: &str) -> Result<String, Failure> {
    if !is_plain(id) {
        return Err(ClientError::Id { id: id.to_owned() }.into());
    }
    Ok(format!("/api/demo/sessions/{id}"))
}

/// The path of a domain's plugin. Rejects a name that would lead to another path.
pub(super) fn plugin_path(domain: &str, rest: &str) -> Result<String, Failure> {
    if !is_plain(domain) {
        return Err(Failure::from(anyhow::anyhow!("`{domain}` is not a domain")));
    }
    Ok(format!("/api/plugins/{domain}{rest}"))
}

fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    !name.is_empty() && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_ids_that_are_other_paths() {
        assert!(session_path("demo_Ab-1").is_ok());
        for id in ["", "..", "a/b", "a?b", "a%2f"] {
            assert!(session_path(id).is_err());
        }
    }
}
