//! A town's library instead of the sessions: one account, two domains, no plugin and no store.

mod library;
mod town;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use pasetors::keys::{AsymmetricKeyPair, Generate as _};
use pasetors::version4::V4;
use serde_json::Value;
use tower::ServiceExt as _;

pub(super) use library::{Library, Trouble};
pub(super) use town::{POLICY, book, session};

use super::{
    ApiKey, ClientRate, EventStreams, HttpState, Pace, PluginApi, ReadBounds, Reads, SessionApi,
    StreamBounds, Tokens, TrustedProxies, router,
};

/// The internal key.
pub(super) const KEY: &str = "the key of the reading room";

/// The admin key.
pub(super) const ADMIN_KEY: &str = "the key of the book binder";

/// The largest component.
pub(super) const LARGEST_COMPONENT: usize = 512;

/// The largest body.
pub(super) const MAX_BODY_BYTES: usize = 4096;

/// The proxies that are trusted.
pub(super) const PROXY: &str = "10.0.0.0/8";

/// Streams that may be open.
pub(super) const STREAMS: usize = 3;

/// Those of one client, and of one session.
pub(super) const STREAM_SHARE: usize = 2;

/// Without a limit.
const NO_LIMIT: Pace = Pace {
    per_minute: 0,
    burst: 0,
};

/// Without a limit that a test meets.
const NO_BOUNDS: ReadBounds = ReadBounds {
    per_minute: 0,
    at_once: 1000,
};

/// The router over a library, driven without a socket.
pub(super) struct Desk {
    pub(super) library: Arc<Library>,
    router: Router,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// Asserts a refusal of this status and code, and answers its body.
    #[track_caller]
    pub(super) fn refusal(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let body = self.json();
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status);
        assert_eq!(body["type"], format!("urn:levain:problem:{code}"));
        for name in ["title", "detail"] {
            assert!(!body[name].as_str().unwrap().is_empty(), "{body}");
        }
        for secret in ["SELECT", "/var/lib", "src/", ".rs"] {
            assert!(!self.text.contains(secret), "{body}");
        }
        body
    }
}

impl Desk {
    pub(super) fn new() -> Self {
        Self::set(NO_LIMIT, NO_BOUNDS)
    }

    /// One that lets each client create at a pace.
    pub(super) fn at_pace(pace: Pace) -> Self {
        Self::set(pace, NO_BOUNDS)
    }

    /// One that lets each client read so much.
    pub(super) fn with_reads(bounds: ReadBounds) -> Self {
        Self::set(NO_LIMIT, bounds)
    }

    fn set(pace: Pace, reads: ReadBounds) -> Self {
        let library = Arc::new(Library::new());
        let pair = AsymmetricKeyPair::<V4>::generate().unwrap();
        let state = HttpState {
            sessions: Arc::clone(&library) as Arc<dyn SessionApi>,
            plugins: Arc::clone(&library) as Arc<dyn PluginApi>,
            admin_key: ApiKey::new(ADMIN_KEY),
            largest_component: LARGEST_COMPONENT,
            tokens: Arc::new(Tokens::new(pair.secret.as_bytes()).unwrap()),
            internal_key: ApiKey::new(KEY),
            max_body_bytes: MAX_BODY_BYTES,
            proxies: Arc::new(TrustedProxies::new(vec![PROXY.parse().unwrap()])),
            rate: Arc::new(ClientRate::new(pace)),
            reads: Arc::new(Reads::new(reads)),
            guesses: Arc::default(),
            streams: EventStreams::new(StreamBounds {
                most: STREAMS,
                share: STREAM_SHARE,
            }),
        };
        Self {
            library,
            router: router(state),
        }
    }

    pub(super) fn in_trouble(self, trouble: Trouble) -> Self {
        *self.library.trouble.lock().unwrap() = trouble;
        self
    }

    /// The head of an answer, and a body that may have no end.
    pub(super) async fn open(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.open(request).await;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(super) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], "").await
    }

    pub(super) async fn internal(&self, method: &str, path: &str, body: &str) -> Answer {
        self.call(method, path, &[("x-internal-api-key", KEY)], body)
            .await
    }

    pub(super) async fn create(&self) -> Value {
        let answer = self
            .call(
                "POST",
                "/api/demo/sessions",
                &[],
                r#"{"demo_account_type":"library"}"#,
            )
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    }

    /// Reads data with a session's own token.
    pub(super) async fn read(&self, session: &Value, token_of: &Value, rest: &str) -> Answer {
        let id = session["session_id"].as_str().unwrap();
        let token = token_of["credentials"]["access_token"].as_str().unwrap();
        let bearer = format!("Bearer {token}");
        self.call(
            "GET",
            &format!("/api/demo/sessions/{id}/data/{rest}"),
            &[("authorization", &bearer)],
            "",
        )
        .await
    }
}
