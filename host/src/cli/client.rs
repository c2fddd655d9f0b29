//! Speaks HTTP with a running host, and reads its refusals (RFC 9457).

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use ureq::Agent;
use ureq::http::{Method, Request, header};

use super::failure::Failure;
use super::problem::Problem;
use levain_model::Secret;

/// A creation answers when it is done; nothing takes longer than this.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Longer than any proof takes.
const PROOF_TIMEOUT: Duration = Duration::from_secs(3600);

/// The largest answer that is read, in bytes.
const LARGEST_ANSWER: u64 = 64 << 20;

#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    url: String,
}

/// What a host answered, where it did not refuse.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Answer {
    /// The body, read.
    pub(super) fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Failure> {
        serde_json::from_str(&self.text).map_err(|source| ClientError::Unreadable { source }.into())
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    /// Nobody answers there.
    #[error("no host answers at {url}")]
    Unreachable {
        url: String,
        #[source]
        source: ureq::Error,
    },
    /// What answers there is no Levain.
    #[error("the host's answer cannot be read")]
    Unreadable {
        #[source]
        source: serde_json::Error,
    },
    /// A session's id that cannot be one.
    #[error("`{id}` is not a session's id")]
    Id { id: String },
}

/// A body of more bytes is sent once the host has said that it will read it.
const SENT_UNASKED: usize = 64 << 10;

#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    /// The internal key, where it is needed.
    pub(super) key: Option<&'a Secret>,
    /// The session's access token, where its data is read.
    pub(super) token: Option<&'a str>,
    /// Whether the answer should not wait for the work.
    pub(super) respond_async: bool,
    /// The admin key, where the plugins are changed.
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

    /// The same, which has the patience that a proof needs.
    pub(super) fn patient(url: &str) -> Self {
        Self::waiting(url, PROOF_TIMEOUT)
    }

    fn waiting(url: &str, timeout: Duration) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(timeout))
            // The host is one's own: a proxy for the outside has no business here.
            .proxy(None)
            .user_agent(concat!("levain/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Self {
            agent,
            url: url.trim_end_matches('/').to_owned(),
        }
    }

    /// Makes a call; a refusal is a failure that says what the host said.
    pub(super) fn call(&self, call: Call<'_>) -> Result<Answer, Failure> {
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
                    // A host that refuses it at once need not be sent it.
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
            .limit(LARGEST_ANSWER)
            .read_to_string()
            .map_err(|source| self.unreachable(source))?;
        if status.is_success() {
            return Ok(Answer {
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
