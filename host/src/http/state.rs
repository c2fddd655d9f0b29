//! What the handlers work with.

use std::sync::Arc;

use super::api_key::ApiKey;
use super::client::{ClientRate, Guesses, Reads, TrustedProxies};
use super::events::EventStreams;
use super::plugin_api::PluginApi;
use super::session_api::SessionApi;
use super::token::Tokens;

/// What the handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct HttpState {
    /// The sessions.
    pub sessions: Arc<dyn SessionApi>,
    /// The versions of the plugins.
    pub plugins: Arc<dyn PluginApi>,
    /// Signs access tokens and verifies them.
    pub tokens: Arc<Tokens>,
    /// Opens the service API and the fields that reproduce a session.
    pub internal_key: ApiKey,
    /// Opens the plugin API.
    pub admin_key: ApiKey,
    /// The largest component that is admitted, in bytes.
    pub largest_component: usize,
    /// The largest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// Whose word on a client's address is taken.
    pub proxies: Arc<TrustedProxies>,
    /// How often one client may create.
    pub rate: Arc<ClientRate>,
    /// How much one client may read.
    pub reads: Arc<Reads>,
    /// How often one client may be wrong about a key.
    pub guesses: Arc<Guesses>,
    /// How many streams of events may be open.
    pub streams: EventStreams,
}

impl HttpState {
    /// The largest body of a request with several components: a few of the largest, as base64.
    pub(super) fn largest_plugins_body(&self) -> usize {
        const COMPONENTS: usize = 4;
        self.largest_component
            .saturating_mul(COMPONENTS)
            .saturating_mul(4)
            / 3
    }
}
