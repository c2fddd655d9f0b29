//! The revisions of the tables, whichever store they are in.
//!
//! They are listed here rather than found by sqlx's macro, which would have the whole of sqlx and both
//! databases' clients built once more, for the compiler's own use.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// A file of `host/store/migrations/`: `0001_what_it_makes`, and its text.
type File = (&'static str, &'static str);

macro_rules! files {
    ($store:literal: $($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../migrations/", $store, "/", $name, ".sql")))),+]
    };
}

const SQLITE: &[File] = files!("sqlite": "0001_sessions", "0002_triggers", "0003_lifecycle", "0004_receipts", "0005_plugins", "0006_keys");
const POSTGRES: &[File] =
    files!("postgres": "0001_sessions", "0002_receipts", "0003_plugins", "0004_keys");

pub(super) fn sqlite() -> Migrator {
    migrator(SQLITE)
}

pub(super) fn postgres() -> Migrator {
    migrator(POSTGRES)
}

fn migrator(files: &[File]) -> Migrator {
    let migrations = files.iter().filter_map(|(name, sql)| {
        let (version, description) = name.split_once('_')?;
        Some(Migration::new(
            version.parse().ok()?,
            description.replace('_', " ").into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        ))
    });
    Migrator::with_migrations(migrations.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_listed_and_has_a_revision_of_its_own() {
        for (store, listed, migrator) in [
            ("sqlite", SQLITE, sqlite()),
            ("postgres", POSTGRES, postgres()),
        ] {
            let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/");
            let mut files: Vec<String> = std::fs::read_dir(format!("{directory}{store}"))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            let names: Vec<String> = listed
                .iter()
                .map(|(name, _)| format!("{name}.sql"))
                .collect();
            assert_eq!(files, names);
            let versions: Vec<i64> = migrator.iter().map(|migration| migration.version).collect();
            let expected: Vec<i64> = (1..).take(listed.len()).collect();
            assert_eq!(versions, expected);
        }
    }
}
