//! A store, and hosts over it that come and go.

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    Database, Host, INTERNAL_KEY, Puppets, SIGNING_KEY, Store, guests_dir, on_postgres, until,
};

/// The longest clone in a scene, and so the longest that a dead host's work lies about.
pub const LEASE_S: u64 = 2;

/// A store, and the files that hosts over it are made of.
pub struct Scene {
    catalog: PathBuf,
    _files: TempDir,
    data: TempDir,
    store: Store,
    runtime: tokio::runtime::Runtime,
}

impl Scene {
    /// A new store for this catalog.
    pub fn of(puppets: &Puppets) -> Self {
        let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let store = runtime.block_on(Store::make(data.path()));
        Self {
            catalog: puppets.write(&files),
            _files: files,
            data,
            store,
            runtime,
        }
    }

    /// Starts a host over the store.
    pub fn host(&self, variables: &[(&str, &str)]) -> Host {
        self.host_over(&self.store.url, variables)
    }

    /// The server of the store, and the store's URL by way of another address.
    pub fn server(&self) -> (String, impl Fn(SocketAddr) -> String) {
        let (before, rest) = self.store.url.split_once('@').unwrap();
        let (server, after) = rest.split_once('/').unwrap();
        let by_way_of = move |address| format!("{before}@{address}/{after}");
        (server.to_owned(), by_way_of)
    }

    /// Starts a host that reaches the store by this URL.
    pub fn host_over(&self, url: &str, variables: &[(&str, &str)]) -> Host {
        // Every host has a directory of its own where the store is a server.
        let own = TempDir::new_in(self.data.path()).unwrap().keep();
        let data = if on_postgres() {
            &own
        } else {
            self.data.path()
        };
        let lease = LEASE_S.to_string();
        let all = [
            ("--database-url", url),
            ("--token-key", SIGNING_KEY),
            ("--receipt-key", SIGNING_KEY),
            ("--lease-seconds", &lease),
            ("--cleanup-interval-minutes", "0.05"),
            ("--creations-per-minute", "0"),
        ];
        Host::serve_with(&self.catalog, &guests_dir(), data, &all, variables)
    }

    /// Looks into the store past the hosts.
    pub fn look<T>(&self, look: impl AsyncFnOnce(&Database) -> T) -> T {
        self.runtime.block_on(async {
            let database = self.store.open().await;
            look(&database).await
        })
    }

    /// Waits until nothing is under way any more, of hosts that live or of those that died.
    pub fn settle(&self) {
        until("what was under way is ended", || {
            let under_way =
                "SELECT count(*) FROM demo_sessions WHERE status IN ('CLONING', 'DESTROYING')";
            (self.look(async |database| database.number(under_way).await) == 0).then_some(())
        });
    }
}

/// The answer to a request, or `None` where the host died over it.
pub type Said = Option<(u16, Value)>;

/// Creates a session.
pub fn create(host: &Host) -> Said {
    let body = json!({"demo_account_type": "show"});
    host.try_call(Method::POST, "/api/demo/sessions", &[], &body)
}

/// Does something to a session: `""` with DELETE, `/reset` with POST.
pub fn act(host: &Host, method: Method, session_id: &str, below: &str) -> Said {
    let path = format!("/api/demo/sessions/{session_id}{below}");
    host.try_call(method, &path, &[], &Value::Null)
}

/// What a session answers: its status, and what its token opens.
pub fn read(host: &Host, session: &Value) -> (u16, Value, u16, Value) {
    let path = format!("/api/demo/sessions/{}", id(session));
    let (status, shown) = host.get(&path);
    let token = session["credentials"]["access_token"].as_str().unwrap();
    let bearer = format!("Bearer {token}");
    let holder = [("authorization", bearer.as_str())];
    let below = format!("{path}/data/lead/note");
    let (data_status, page) = host.call(Method::GET, &below, &holder, &Value::Null);
    (status, shown, data_status, page)
}

/// A session's id.
pub fn id(session: &Value) -> &str {
    session["session_id"].as_str().unwrap()
}

/// The domain of a session as the service API exports it.
pub fn export(host: &Host, session: &Value) -> (u16, Value) {
    let tenant = session["virtual_tenant_id"].as_str().unwrap();
    let path = format!("/services/lead/internal/demo/export/{tenant}");
    let key = [("x-internal-api-key", INTERNAL_KEY)];
    host.call(Method::GET, &path, &key, &Value::Null)
}
