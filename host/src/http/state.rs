//! What the handlers work with.

use std::sync::Arc;

use super::api_key::ApiKey;
use super::client::{ClientRate, Guesses, Reads, TrustedProxies};
use super::events::EventStreams;
use super::token::Tokens;
use crate::revisions::Revisions;
use crate::sessions::Sessions;

/// What the handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct HttpState {
    /// The sessions and their catalog.
    pub sessions: Sessions,
    /// The revisions of their plugins.
    pub revisions: Revisions,
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
    /// Proxies that are trusted to name the address of a client.
    pub proxies: Arc<TrustedProxies>,
    /// How often one client may create.
    pub rate: Arc<ClientRate>,
    /// How much one client may read.
    pub reads: Arc<Reads>,
    /// Bounds the wrong keys of one client.
    pub guesses: Arc<Guesses>,
    /// How many streams of events may be open.
    pub streams: EventStreams,
}

impl HttpState {
    /// The fields of an entity's records, in the order of its schema; empty for an unknown entity.
    pub(super) fn fields(&self, domain: &str, entity: &str) -> Vec<&str> {
        let schema = self.sessions.catalog().schema(domain, entity);
        let columns = schema.map(|schema| schema.columns()).unwrap_or_default();
        columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// The largest body of a request with several components: a few of the largest, as base64.
    pub(super) fn largest_plugins_body(&self) -> usize {
        const COMPONENTS: usize = 4;
        self.largest_component
            .saturating_mul(COMPONENTS)
            .saturating_mul(4)
            / 3
    }
}
