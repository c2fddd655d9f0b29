//! The Redis of the tests. Every test has names of its own there.

use std::io::Write as _;

use redis::Commands as _;
use uuid::Uuid;

/// Where it is looked for, unless `LEVAIN_TEST_REDIS_URL` says where it is.
const DEFAULT: &str = "redis://127.0.0.1:6379";

pub fn url() -> String {
    std::env::var("LEVAIN_TEST_REDIS_URL").unwrap_or_else(|_| DEFAULT.to_owned())
}

/// Its host and port.
pub fn address() -> String {
    let client = redis::Client::open(url()).unwrap();
    client.get_connection_info().addr().to_string()
}

/// A Redis, and a prefix that nobody else has.
pub struct RedisServer {
    pub prefix: String,
    connection: redis::Connection,
}

impl RedisServer {
    /// The server, where one answers; on CI one has to.
    pub fn find() -> Option<Self> {
        let connection = redis::Client::open(url()).and_then(|client| client.get_connection());
        match connection {
            Ok(connection) => Some(Self {
                prefix: format!("test:{}", Uuid::new_v4().simple()),
                connection,
            }),
            Err(error) if std::env::var_os("CI").is_some() => panic!("no Redis: {error}"),
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "SKIPPED, no Redis answers: {error}");
                None
            }
        }
    }

    pub fn get(&mut self, key: &str) -> Option<String> {
        self.connection.get(key).unwrap()
    }

    pub fn set(&mut self, key: &str, value: &str) {
        // An end of its own: what a test that failed leaves does not stay.
        self.connection.set_ex(key, value, 300).unwrap()
    }

    pub fn exists(&mut self, key: &str) -> bool {
        self.connection.exists(key).unwrap()
    }

    pub fn delete(&mut self, key: &str) {
        self.connection.del(key).unwrap()
    }

    /// Milliseconds until the key ends.
    pub fn ends_in_ms(&mut self, key: &str) -> i64 {
        self.connection.pttl(key).unwrap()
    }
}
