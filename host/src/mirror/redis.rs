//! The words that Redis is spoken to in. Every one of them has a time limit.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};

use super::backlog::{Change, What};
use super::keys::TenantKeys;
use levain_model::Secret;

/// Which Redis, and under which names.
#[derive(Debug, Clone)]
pub struct MirrorSettings {
    /// Its URL, which may hold a password.
    pub url: Secret,
    /// What a session's key begins with: `{prefix}:{session_id}`.
    pub prefix: String,
    /// How long a key lives; until the session expires where that is not given.
    pub ttl: Option<Duration>,
}

/// The timeout of a connection, and of each response on it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Keys per SCAN step: between steps Redis serves other clients.
const PAGE: usize = 1000;

/// A Redis, connected to when it is needed.
pub(super) struct Redis {
    settings: MirrorSettings,
    connection: Option<MultiplexedConnection>,
}

impl Redis {
    pub(super) const fn new(settings: MirrorSettings) -> Self {
        Self {
            settings,
            connection: None,
        }
    }

    /// Makes all of the changes. Where one cannot be made, the connection is given up, and any of
    /// them may be made again.
    pub(super) async fn apply(&mut self, changes: &[Change]) -> Result<(), RedisError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.settings).await?,
        };
        keep(&mut connection, &self.settings, changes).await?;
        forget(&mut connection, &self.settings, changes).await?;
        self.connection = Some(connection);
        Ok(())
    }
}

async fn connect(settings: &MirrorSettings) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    Client::open(settings.url.reveal())?
        .get_multiplexed_async_connection_with_config(&config)
        .await
}

fn key(settings: &MirrorSettings, change: &Change) -> String {
    format!("{}:{}", settings.prefix, change.session_id)
}

/// Writes the states, each with the end of its life, at once.
async fn keep(
    connection: &mut MultiplexedConnection,
    settings: &MirrorSettings,
    changes: &[Change],
) -> Result<(), RedisError> {
    let mut pipe = redis::pipe();
    pipe.atomic();
    for change in changes {
        let What::Keep { state, expires_at } = &change.what else {
            continue;
        };
        let key = key(settings, change);
        pipe.set(&key, state).ignore();
        match settings.ttl {
            Some(ttl) => {
                let seconds = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
                pipe.expire(&key, seconds).ignore();
            }
            None => {
                pipe.pexpire_at(&key, expires_at.timestamp_millis())
                    .ignore();
            }
        }
    }
    match pipe.is_empty() {
        true => Ok(()),
        false => pipe.query_async(connection).await,
    }
}

/// Deletes the copies of sessions that are over, and whatever there is of their tenants: one pass over
/// the keys for all of them.
async fn forget(
    connection: &mut MultiplexedConnection,
    settings: &MirrorSettings,
    changes: &[Change],
) -> Result<(), RedisError> {
    let mut copies = Vec::new();
    let mut over = Vec::new();
    for change in changes {
        if let What::Forget { tenants } = &change.what {
            copies.push(key(settings, change).into_bytes());
            over.extend(tenants.iter().copied());
        }
    }
    if copies.is_empty() {
        return Ok(());
    }
    unlink(connection, copies).await?;
    let tenants = TenantKeys::new(&settings.prefix, over.into_iter());
    let pattern = tenants.pattern();
    let mut cursor: u64 = 0;
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(&pattern);
        scan.arg("COUNT").arg(PAGE);
        let (next, mut found): (u64, Vec<Vec<u8>>) = scan.query_async(connection).await?;
        found.retain(|key| tenants.holds(key));
        unlink(connection, found).await?;
        if next == 0 {
            return Ok(());
        }
        cursor = next;
    }
}

async fn unlink(
    connection: &mut MultiplexedConnection,
    keys: Vec<Vec<u8>>,
) -> Result<(), RedisError> {
    match keys.is_empty() {
        true => Ok(()),
        false => redis::cmd("UNLINK").arg(keys).query_async(connection).await,
    }
}
