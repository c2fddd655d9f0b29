//! A disk that is full, under a file of SQLite.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use tempfile::TempDir;

use super::load::{Away, through};
use crate::recovery::scene::read;
use crate::recovery::sound::sound;
use crate::support::{Database, Host, Puppets, copy, guests_dir, on_postgres};

/// How often it is looked whether all is over, twice in a second: ten leases.
const ATTEMPTS: u32 = 40;

/// Writes until there is no room.
fn fill(ballast: &Path) {
    let mut ballast = File::create(ballast).unwrap();
    for size in [1 << 20, 1 << 12] {
        let block = vec![1; size];
        while ballast.write_all(&block).is_ok() {}
    }
}

/// The store once nothing is under way in it: a session of which not even the failure could be written is
/// found when its lease is over. The disk is the host's alone, and goes with it: a copy is looked into.
async fn settled(data: &Path, files: &Path) -> Database {
    for attempt in 0..ATTEMPTS {
        let copied = copy(data, &files.join(format!("copy-{attempt}")));
        let file = copied.join("levain.db");
        let pool = SqlitePool::connect(file.to_str().unwrap()).await.unwrap();
        let database = Database::Sqlite(pool);
        let begun = "SELECT count(*) FROM demo_sessions WHERE status = 'CLONING'";
        if database.number(begun).await == 0 {
            return database;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("sessions are CLONING long after their leases");
}

#[tokio::test]
async fn a_full_disk_is_waited_for() {
    if on_postgres() {
        return;
    }
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let catalog = Puppets::new().write(&files);
    let flags = [("--creations-per-minute", "0"), ("--lease-seconds", "2")];
    let host = Host::serve_on_disk(256, &catalog, &guests_dir(), data.path(), &flags);
    let Some(host) = host else {
        // On CI nothing is skipped.
        assert!(std::env::var_os("CI").is_none(), "no disk can be made");
        writeln!(
            std::io::stderr(),
            "SKIPPED, no disk can be made here: unshare, mount"
        )
        .unwrap();
        return;
    };
    let ballast = host.seen(data.path()).join("ballast");
    let creations = through(
        &host,
        Away::Full,
        || fill(&ballast),
        || std::fs::remove_file(&ballast).unwrap(),
    );
    for creation in creations.iter().filter(|creation| creation.made()) {
        let (_, shown, status, page) = read(&host, &creation.body);
        assert_eq!((status, &page["total"]), (200, &2.into()), "{shown:#}");
    }
    sound(&settled(&host.seen(data.path()), files.path()).await).await;
    let (code, said) = host.stop();
    assert_eq!(code, Some(0), "{said}");
}
