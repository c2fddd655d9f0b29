//! A disk that is full, under a file of SQLite.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::Method;
use serde_json::Value;
use sqlx::SqlitePool;
use tempfile::TempDir;

use super::load::{Away, through};
use crate::recovery::scene::{act, create, id, read};
use crate::recovery::sound::sound;
use crate::support::{Database, Disk, Host, Puppets, copy, on_postgres, until};

/// The bytes that the host keeps for deletions.
const RESERVE: u64 = 64 << 20;

/// How often it is looked whether all is over, twice in a second: ten leases.
const ATTEMPTS: u32 = 40;

/// Writes until there is no room, after what it wrote before.
fn fill(file: &Path) {
    let mut ballast = File::options();
    let mut ballast = ballast.append(true).create(true).open(file).unwrap();
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

/// A small disk, a catalog, and where the data directory is; `None` where there is nothing to be tried.
struct Cellar {
    disk: Disk,
    catalog: PathBuf,
    files: TempDir,
    data: TempDir,
}

impl Cellar {
    fn dig() -> Option<Self> {
        if on_postgres() {
            return None;
        }
        let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let Some(disk) = Disk::mount(data.path(), 256) else {
            // On CI nothing is skipped.
            assert!(std::env::var_os("CI").is_none(), "no disk can be made");
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED, no disk can be made here: unshare, mount, nsenter"
            );
            return None;
        };
        Some(Self {
            disk,
            catalog: Puppets::new().write(&files),
            files,
            data,
        })
    }

    fn host(&self, variables: &[(&str, &str)]) -> Host {
        let flags = [("--creations-per-minute", "0"), ("--lease-seconds", "2")];
        Host::serve_on_disk(
            &self.disk,
            &self.catalog,
            self.data.path(),
            &flags,
            variables,
        )
    }

    /// A file in the data directory, as it is found from here.
    fn seen(&self, name: &str) -> PathBuf {
        self.disk.seen(&self.data.path().join(name))
    }

    fn fill(&self) {
        fill(&self.seen("ballast"));
    }

    fn empty(&self) {
        std::fs::remove_file(self.seen("ballast")).unwrap();
    }

    /// The bytes of the reserve.
    fn reserve(&self) -> u64 {
        self.seen("levain.db-reserve").metadata().unwrap().len()
    }

    /// Fills the disk to the last block, but for the reserve, under a host that has noticed and said so.
    fn fill_under(&self, host: &Host) {
        self.fill();
        until("what needs room is refused", || {
            let (status, said) = create(host).unwrap();
            assert!(matches!(status, 200 | 503), "{status} {said:#}");
            (status == 503).then(|| assert_eq!(said["code"], "store_unavailable", "{said:#}"))
        });
        let (status, reason) = readiness(host);
        assert_eq!(status, 503, "what cannot be written is said");
        assert!(reason.contains("the disk of the store is full"), "{reason}");
        until("the host has cut its log and has its reserve", || {
            (self.seen("levain.db-wal").metadata().unwrap().len() == 0 && self.reserve() == RESERVE)
                .then_some(())
        });
        self.fill();
    }
}

/// What a host says of its readiness.
fn readiness(host: &Host) -> (u16, String) {
    let (status, said) = host.get("/readyz");
    (
        status,
        said["detail"].as_str().unwrap_or_default().to_owned(),
    )
}

#[tokio::test]
async fn a_full_disk_is_waited_for() {
    let Some(cellar) = Cellar::dig() else { return };
    let host = cellar.host(&[]);
    let creations = through(&host, Away::Full, || cellar.fill(), || cellar.empty());
    for creation in creations.iter().filter(|creation| creation.made()) {
        let (_, shown, status, page) = read(&host, &creation.body);
        assert_eq!((status, &page["total"]), (200, &2.into()), "{shown:#}");
    }
    sound(&settled(&cellar.seen(""), cellar.files.path()).await).await;
    let (code, said) = host.stop();
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test]
async fn full_disk_is_emptied_by_deleting() {
    let Some(cellar) = Cellar::dig() else { return };
    let host = cellar.host(&[]);
    let sessions: Vec<Value> = (0..8).map(|_| create(&host).unwrap().1).collect();
    assert_eq!(readiness(&host).0, 200);
    cellar.fill_under(&host);

    let (status, refused) = create(&host).unwrap();
    assert_eq!(status, 503, "{refused:#}");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("deleted"), "it says what to do: {detail}");
    for session in &sessions {
        assert_eq!(read(&host, session).2, 200, "what is there is read");
        let (status, answer) = act(&host, Method::DELETE, id(session), "").unwrap();
        assert_eq!(
            (status, &answer["records_deleted"]),
            (200, &4.into()),
            "{answer:#}"
        );
    }

    cellar.empty();
    until("the host notices by itself that there is space", || {
        (readiness(&host).0 == 200).then_some(())
    });
    assert_eq!(cellar.reserve(), RESERVE);
    let (status, session) = create(&host).unwrap();
    assert_eq!(status, 200, "{session:#}");
    sound(&settled(&cellar.seen(""), cellar.files.path()).await).await;
    let (code, said) = host.stop();
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test]
async fn killed_host_makes_its_reserve_again() {
    let Some(cellar) = Cellar::dig() else { return };
    let host = cellar.host(&[("LEVAIN_FAILPOINT", "begin_destroying:on_reserve")]);
    let sessions: Vec<Value> = (0..2).map(|_| create(&host).unwrap().1).collect();
    cellar.fill_under(&host);
    std::thread::scope(|threads| {
        threads.spawn(|| act(&host, Method::DELETE, id(&sessions[0]), ""));
        host.until_logged("held at a failpoint");
        host.signal("-KILL");
    });
    host.kill();
    assert_eq!(cellar.reserve(), 0);
    // Somebody else has what it gave up.
    cellar.fill();

    let host = cellar.host(&[]);
    assert_eq!(readiness(&host).0, 503);
    for session in &sessions {
        let (.., status, page) = read(&host, session);
        assert_eq!((status, &page["total"]), (200, &2.into()), "{page:#}");
    }
    cellar.empty();
    until("the host is ready again", || {
        (readiness(&host).0 == 200).then_some(())
    });
    assert_eq!(cellar.reserve(), RESERVE);
    for session in &sessions {
        let (status, answer) = act(&host, Method::DELETE, id(session), "").unwrap();
        assert_eq!(
            (status, &answer["records_deleted"]),
            (200, &4.into()),
            "{answer:#}"
        );
    }
    sound(&settled(&cellar.seen(""), cellar.files.path()).await).await;
    host.stop();
}
