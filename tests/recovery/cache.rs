//! Compiled code that is kept: a start with it compiles nothing, and one that cannot trust it compiles again.

use std::fs;
use std::path::{Path, PathBuf};

use axum::http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Host, Puppets, guests_dir, levain, masked_text, serve_arguments};

/// A catalog of puppets, and a data directory that outlives its hosts.
struct Scene {
    catalog: PathBuf,
    _files: TempDir,
    data: TempDir,
}

impl Scene {
    fn new() -> Self {
        let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        Self {
            catalog: Puppets::new().write(&files),
            _files: files,
            data,
        }
    }

    /// One start: a session is made, and the host stopped. How many components were compiled, how many were
    /// there, and everything that was said.
    fn start(&self) -> (u64, u64, String) {
        let host = Host::serve(&self.catalog, &guests_dir(), self.data.path());
        let body = json!({"demo_account_type": "show"});
        let (status, session) = host.call(Method::POST, "/api/demo/sessions", &[], &body);
        assert_eq!((status, &session["status"]), (200, &json!("READY")));
        let (code, said) = host.stop();
        assert_eq!(code, Some(0), "{said}");
        let line: Value = said
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find(|line| line["message"] == "components loaded")
            .unwrap_or_else(|| panic!("{said}"));
        let count = |name: &str| line[name].as_u64().unwrap();
        (count("compiled"), count("cached"), said)
    }

    /// The files of the cache of a kind.
    fn files(&self, kind: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.data.path().join("cache")).unwrap();
        let files = entries.map(|entry| entry.unwrap().path());
        files
            .filter(|file| file.extension().unwrap() == kind)
            .collect()
    }
}

fn flip(file: &Path, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

const WARNING: &str = "compiled code cannot be used";

#[test]
fn a_warm_start_compiles_nothing() {
    let scene = Scene::new();
    // Both domains have the same component.
    let (compiled, cached, _) = scene.start();
    assert_eq!((compiled, cached), (1, 1));
    let (compiled, cached, said) = scene.start();
    assert_eq!((compiled, cached), (0, 2), "{said}");
    assert!(!said.contains(WARNING), "{said}");
    #[cfg(unix)]
    for path in [
        scene.data.path().join("cache"),
        scene.files("cwasm").remove(0),
    ] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is others' too", path.display());
    }
}

#[test]
fn code_that_is_not_what_the_host_wrote_is_reported_and_never_run() {
    let scene = Scene::new();
    scene.start();
    let (code, mac) = (scene.files("cwasm").remove(0), scene.files("mac").remove(0));
    let length = usize::try_from(fs::metadata(&code).unwrap().len()).unwrap();
    let spoil: [&dyn Fn(); 5] = [
        &|| flip(&code, 0),
        &|| flip(&code, length / 2),
        &|| flip(&mac, 3),
        &|| fs::remove_file(&mac).unwrap(),
        &|| fs::write(&code, fs::read(&code).unwrap().split_off(length / 2)).unwrap(),
    ];
    for (case, spoil) in spoil.iter().enumerate() {
        spoil();
        let (compiled, cached, said) = scene.start();
        assert_eq!((compiled, cached), (1, 1), "{case}: {said}");
        assert_eq!(said.matches(WARNING).count(), 1, "{case}: {said}");
        let (compiled, cached, said) = scene.start();
        assert_eq!((compiled, cached), (0, 2), "{case}: {said}");
    }
    // Of another data directory, and so under another key.
    let other = Scene::new();
    other.start();
    fs::copy(other.files("cwasm").remove(0), &code).unwrap();
    fs::copy(other.files("mac").remove(0), &mac).unwrap();
    let (compiled, _, said) = scene.start();
    assert_eq!((compiled, said.matches(WARNING).count()), (1, 1), "{said}");
}

#[test]
fn code_that_nothing_uses_is_removed() {
    let scene = Scene::new();
    scene.start();
    let cache = scene.data.path().join("cache");
    for stray in ["0000-0000.cwasm", "0000-0000.mac", "0000-0000.draft-7"] {
        fs::write(cache.join(stray), "left over").unwrap();
    }
    let (_, cached, said) = scene.start();
    assert_eq!(cached, 2, "{said}");
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 2);
}

#[test]
fn a_cache_that_cannot_be_used_is_said_at_start() {
    let scene = Scene::new();
    let file = scene.data.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    let mut arguments = serve_arguments(&scene.catalog, &guests_dir(), scene.data.path());
    let directory = file.join("cache");
    let directory = directory.to_str().unwrap();
    arguments.extend(["--log", "off", "--cache-dir", directory].map(str::to_owned));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let refused = levain(&arguments);
    let mut settings = masked_text();
    settings.add_filter(scene.data.path().to_str().unwrap(), "[data]");
    settings.bind(|| insta::assert_snapshot!(refused.all()));
}
