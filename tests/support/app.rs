//! A host under test: real sessions over a real store, driven through the real router.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use chrono::{DateTime, Utc};
use levain::app::{self, Workings};
use levain::config::Sources;
use levain::plugins::{Loader, Versions};
use levain::revisions::Revisions;
use levain::sessions::Sessions;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::clock::TestClock;
use super::events::Events;
use super::hosting::{Hosting, bakery};
use super::store::{Database, Store};

/// The internal API's key of every host under test.
pub const INTERNAL_KEY: &str = "an-internal-key-of-the-tests-0123456789";

/// The plugin API's key of every host under test.
pub const ADMIN_KEY: &str = "an-admin-key-of-the-tests-0123456789";

/// A key that signs tokens and receipts: hosts on one store share theirs.
pub const SIGNING_KEY: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

/// Where a host's components are from.
enum Plugins<'p> {
    /// It was built with them.
    Given,
    /// The registry of its store, which is filled from a directory.
    Registered(&'p Path),
}

/// A host with a store of its own, in a directory that goes with it.
pub struct TestApp {
    /// Behind the router.
    pub sessions: Sessions,
    pub revisions: Revisions,
    /// The clock that sessions go by.
    pub clock: Arc<TestClock>,
    /// The data directory.
    pub data: TempDir,
    router: axum::Router,
    store: Store,
}

/// An answer of the host.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as text.
    pub text: String,
}

impl Answer {
    /// The whole of a response.
    pub async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Self {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// The body as JSON; null where it is empty.
    pub fn json(&self) -> Value {
        if self.text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The body as JSON, of an answer with this status.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }

    /// The body of a problem with this status and code.
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(
            self.headers["content-type"], "application/problem+json",
            "{body:#}"
        );
        assert_eq!(body["code"], code, "{body:#}");
        body
    }
}

impl TestApp {
    /// A host over the project's own catalog.
    pub async fn bakery() -> Self {
        Self::over(bakery()).await
    }

    /// A host over a catalog.
    pub async fn over(hosting: &Hosting) -> Self {
        Self::at(hosting, "2026-03-02T10:00:00Z".parse().unwrap()).await
    }

    /// A host over a catalog, at an instant of the real clock.
    pub async fn at(hosting: &Hosting, now: DateTime<Utc>) -> Self {
        Self::set(hosting, now, &[]).await
    }

    /// A host over a catalog with settings of its own.
    pub async fn with(hosting: &Hosting, settings: &[(&'static str, &str)]) -> Self {
        Self::set(hosting, "2026-03-02T10:00:00Z".parse().unwrap(), settings).await
    }

    /// A host over a catalog whose components are in the registry of its store, from a directory.
    pub async fn registered(hosting: &Hosting, directory: &Path) -> Self {
        let now = "2026-03-02T10:00:00Z".parse().unwrap();
        Self::set_up(hosting, Plugins::Registered(directory), now, &[]).await
    }

    async fn set(hosting: &Hosting, now: DateTime<Utc>, settings: &[(&'static str, &str)]) -> Self {
        Self::set_up(hosting, Plugins::Given, now, settings).await
    }

    async fn set_up(
        hosting: &Hosting,
        plugins: Plugins<'_>,
        now: DateTime<Utc>,
        settings: &[(&'static str, &str)],
    ) -> Self {
        let data = TempDir::new().unwrap();
        let store = Store::make(data.path()).await;
        let mut sources = Sources::default()
            .with_flag("data_dir", data.path().to_str().unwrap())
            .with_flag("database_url", &store.url)
            .with_flag("internal_api_key", INTERNAL_KEY)
            .with_flag("admin_api_key", ADMIN_KEY)
            // A test that waits for something asks again and again.
            .with_flag("reads_per_minute", "0");
        for (name, value) in settings {
            sources = sources.with_flag(name, *value);
        }
        let config = sources.resolve().unwrap();
        let views = app::views(&hosting.catalog);
        let claim = app::claim(&hosting.catalog, &views, false);
        let repo = levain_store::open(&config.store(), &claim, config.store_options())
            .await
            .unwrap();
        let plugins = match plugins {
            Plugins::Given => Versions::given(Arc::clone(&hosting.plugins)),
            Plugins::Registered(directory) => {
                let loader = Loader {
                    sandbox: hosting.sandbox.clone(),
                    catalog: Arc::clone(&hosting.catalog),
                    limits: hosting.limits,
                    images: true,
                };
                Versions::open(Arc::clone(&repo), loader, directory, false, now)
                    .await
                    .unwrap()
            }
        };
        let clock = Arc::new(TestClock::at(now));
        let sessions = Sessions::new(
            app::session_parts(
                &config,
                Workings {
                    catalog: Arc::clone(&hosting.catalog),
                    plugins: Arc::new(plugins),
                    sandbox: hosting.sandbox.clone(),
                    limits: hosting.limits,
                    repo,
                    clock: clock.clone(),
                },
            )
            .unwrap(),
        );
        let revisions = app::revisions(&sessions, &config);
        let router = app::router(&revisions, &config).unwrap();
        Self {
            sessions,
            revisions,
            clock,
            data,
            router,
            store,
        }
    }

    /// A look into the store past the host.
    pub async fn database(&self) -> Database {
        self.store.open().await
    }

    /// Sends a request as it stands.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.open(request).await).await
    }

    /// The head of a response; its body may have no end.
    pub async fn open(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// The same, for a request over a connection from this address.
    pub async fn open_from(&self, host: &str, mut request: Request<Body>) -> Response<Body> {
        let peer = SocketAddr::new(host.parse().unwrap(), 4711);
        request.extensions_mut().insert(ConnectInfo(peer));
        self.open(request).await
    }

    /// The stream of events below a session's path, as it comes.
    pub async fn watch(&self, path: &str) -> Events {
        let request = Request::get(path).body(Body::empty()).unwrap();
        Events::of(self.open(request).await)
    }

    /// A request with headers and, where it is not null, a JSON body.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        self.send(request.body(body).unwrap()).await
    }

    /// GET without a key.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], &Value::Null).await
    }

    /// GET with the internal key.
    pub async fn get_internal(&self, path: &str) -> Answer {
        self.call(
            Method::GET,
            path,
            &[("x-internal-api-key", INTERNAL_KEY)],
            &Value::Null,
        )
        .await
    }

    /// POST without a key.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, &[], body).await
    }

    /// POST with the internal key.
    pub async fn post_internal(&self, path: &str, body: &Value) -> Answer {
        self.call(
            Method::POST,
            path,
            &[("x-internal-api-key", INTERNAL_KEY)],
            body,
        )
        .await
    }

    /// Any method with the admin key, and a component or nothing as the body.
    pub async fn administer(&self, method: Method, path: &str, component: &[u8]) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-admin-api-key", ADMIN_KEY)
            .header("content-type", "application/wasm")
            .body(Body::from(component.to_vec()));
        self.send(request.unwrap()).await
    }

    /// DELETE without a key.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, &[], &Value::Null).await
    }

    /// Creates a session of an account; the whole answer.
    pub async fn create(&self, account: &str) -> Answer {
        self.post("/api/demo/sessions", &json!({"demo_account_type": account}))
            .await
    }

    /// Creates a session that is told from `instant`; it must be READY.
    pub async fn create_at(&self, account: &str, instant: DateTime<Utc>) -> Value {
        let body = json!({
            "demo_account_type": account,
            "session_created_at": instant.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        });
        let session = self
            .post_internal("/api/demo/sessions", &body)
            .await
            .expect(200);
        assert_eq!(session["status"], "READY", "{session:#}");
        session
    }

    /// The canonical export of one domain of a session's own tenant, as text.
    pub async fn canonical(&self, session: &Value, domain: &str) -> String {
        let tenant = session["virtual_tenant_id"].as_str().unwrap();
        let path = format!("/services/{domain}/internal/demo/export/{tenant}?form=canonical");
        let answer = self.get_internal(&path).await;
        answer.expect(200);
        answer.text
    }
}
