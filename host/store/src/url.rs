//! Which store: a file of SQLite, or a PostgreSQL server.

use std::path::PathBuf;

use levain_model::Secret;

/// Where sessions are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// The file of a database, for one host.
    Sqlite(PathBuf),
    /// The URL of a server, for any number of hosts; it may hold a password.
    Postgres(Secret),
}

impl std::str::FromStr for StoreUrl {
    type Err = String;

    /// Reads `postgres://server/database` or `sqlite:path/to/file`; a refusal repeats nothing of
    /// the text, which may hold a password.
    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || {
            Err(
                "is neither postgres://name:password@server:5432/database nor sqlite:path/to/file"
                    .to_owned(),
            )
        };
        let Some((scheme, rest)) = text.split_once(':') else {
            return refused();
        };
        if scheme == "sqlite" {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            return match path.is_empty() || path == ":memory:" {
                true => Err("names no file: a store has to outlive its host".to_owned()),
                false => Ok(Self::Sqlite(PathBuf::from(path))),
            };
        }
        let driver = DRIVERS.iter().find_map(|name| scheme.strip_suffix(name));
        match driver.unwrap_or(scheme) {
            "postgres" | "postgresql" if rest.starts_with("//") => {
                Ok(Self::Postgres(Secret::new(format!("postgres:{rest}"))))
            }
            _ => refused(),
        }
    }
}

/// The drivers' names that URLs of the product carry; they mean nothing here.
const DRIVERS: [&str; 2] = ["+asyncpg", "+psycopg"];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<StoreUrl, String> {
        text.parse()
    }

    #[test]
    fn both_stores_have_a_url() {
        let file = |path: &str| Ok(StoreUrl::Sqlite(path.into()));
        assert_eq!(read("sqlite:data/x.db"), file("data/x.db"));
        assert_eq!(read("sqlite:///var/x.db"), file("/var/x.db"));
        let server = Ok(StoreUrl::Postgres(Secret::new("postgres://u:p@h:5432/d")));
        for scheme in ["postgres", "postgresql", "postgresql+asyncpg"] {
            assert_eq!(read(&format!("{scheme}://u:p@h:5432/d")), server);
        }
    }

    #[test]
    fn what_is_no_store_is_refused() {
        for text in [
            "",
            "x",
            "mysql://h/d",
            "postgres:h",
            "sqlite:",
            "sqlite::memory:",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
