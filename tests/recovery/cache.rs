//! Compiled code and prepared images that are kept: a start with them compiles and prepares nothing, and one that
//! cannot trust them makes them again.

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

    /// One start: a session is made, and the host stopped. What was made and what was there, and everything that
    /// was said.
    fn start(&self) -> (Told, String) {
        let images = [("--prepared-images", "true")];
        let host = Host::serve_with(&self.catalog, &guests_dir(), self.data.path(), &images, &[]);
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
        let told = Told {
            code: (count("compiled"), count("cached")),
            images: (count("prepared"), count("kept")),
        };
        (told, said)
    }

    /// The file of the cache that holds the component's code, or that of its image: the name of an image has a
    /// slice's digest in it.
    fn file(&self, of: Entry, kind: &str) -> PathBuf {
        let entries = fs::read_dir(self.data.path().join("cache")).unwrap();
        let mut files = entries.map(|entry| entry.unwrap().path()).filter(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap();
            let image = name.matches('-').count() == 2;
            file.extension().unwrap() == kind && image == matches!(of, Entry::Image)
        });
        files.next().unwrap()
    }
}

/// What a start made and what was there: components compiled and cached, images prepared and kept.
#[derive(Debug, PartialEq)]
struct Told {
    code: (u64, u64),
    images: (u64, u64),
}

/// An entry of the cache.
#[derive(Debug, Clone, Copy)]
enum Entry {
    Code,
    Image,
}

/// Both domains have the same component, each with a slice of its own: nothing is left to do.
const WARM: Told = Told {
    code: (0, 2),
    images: (0, 2),
};

fn flip(file: &Path, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

const WARNING: &str = "compiled code cannot be used";

#[test]
fn a_warm_start_compiles_and_prepares_nothing() {
    let scene = Scene::new();
    let (cold, said) = scene.start();
    assert_eq!((cold.code, cold.images), ((1, 1), (2, 0)), "{said}");
    let (warm, said) = scene.start();
    assert_eq!(warm, WARM, "{said}");
    assert!(!said.contains(WARNING), "{said}");
    #[cfg(unix)]
    for path in [
        scene.data.path().join("cache"),
        scene.file(Entry::Code, "cwasm"),
        scene.file(Entry::Image, "cwasm"),
    ] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is others' too", path.display());
    }
}

#[test]
fn foreign_code_is_reported_and_never_run() {
    let scene = Scene::new();
    scene.start();
    let again = |of| match of {
        Entry::Code => Told {
            code: (1, 1),
            ..WARM
        },
        Entry::Image => Told {
            images: (1, 1),
            ..WARM
        },
    };
    for of in [Entry::Code, Entry::Image] {
        let (code, mac) = (scene.file(of, "cwasm"), scene.file(of, "mac"));
        let mac = mac.with_file_name(code.with_extension("mac").file_name().unwrap());
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
            let (told, said) = scene.start();
            assert_eq!(told, again(of), "{of:?} {case}: {said}");
            assert_eq!(said.matches(WARNING).count(), 1, "{of:?} {case}: {said}");
            let (told, said) = scene.start();
            assert_eq!(told, WARM, "{of:?} {case}: {said}");
        }
        // Of another data directory, and so under another key.
        let other = Scene::new();
        other.start();
        let theirs = other
            .data
            .path()
            .join("cache")
            .join(code.file_name().unwrap());
        fs::copy(&theirs, &code).unwrap();
        fs::copy(theirs.with_extension("mac"), &mac).unwrap();
        let (told, said) = scene.start();
        assert_eq!(told, again(of), "{of:?}: {said}");
        assert_eq!(said.matches(WARNING).count(), 1, "{of:?}: {said}");
    }
}

#[test]
fn an_entry_in_the_place_of_another_is_never_run() {
    let scene = Scene::new();
    scene.start();
    // Both are the host's own, and each verifies where it belongs.
    let (code, image) = (
        scene.file(Entry::Code, "cwasm"),
        scene.file(Entry::Image, "cwasm"),
    );
    fs::copy(&code, &image).unwrap();
    fs::copy(code.with_extension("mac"), image.with_extension("mac")).unwrap();
    let (told, said) = scene.start();
    assert_eq!((told.code, told.images), ((0, 2), (1, 1)), "{said}");
    assert_eq!(said.matches(WARNING).count(), 1, "{said}");
}

#[test]
fn code_that_nothing_uses_is_removed() {
    let scene = Scene::new();
    scene.start();
    let cache = scene.data.path().join("cache");
    let code = scene.file(Entry::Code, "cwasm");
    // The image of a slice that no account has any more is nobody's, whosever component it is of.
    let name = code.file_stem().unwrap().to_str().unwrap();
    let stray = name.replacen('-', &format!("-{}-", "0".repeat(64)), 1);
    for stray in ["0000-0000.cwasm", "0000-0000.mac", "0000-0000.draft-7"]
        .map(str::to_owned)
        .into_iter()
        .chain(["cwasm", "mac"].map(|kind| format!("{stray}.{kind}")))
    {
        fs::write(cache.join(stray), "left over").unwrap();
    }
    let (told, said) = scene.start();
    assert_eq!(told, WARM, "{said}");
    // The component, and its image of either slice; each with its MAC.
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 6);
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

#[cfg(unix)]
#[test]
fn writable_cache_is_refused_with_the_mending_command() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new();
    let cache = scene.data.path().join("cache");
    let set = |mode| fs::set_permissions(&cache, fs::Permissions::from_mode(mode)).unwrap();
    fs::create_dir(&cache).unwrap();
    let arguments = serve_arguments(&scene.catalog, &guests_dir(), scene.data.path());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    for mode in [0o777, 0o1777, 0o775] {
        set(mode);
        let refused = levain(&arguments);
        assert_eq!(refused.code, 2, "{}", refused.all());
        for said in [
            format!("its mode is {mode:04o}"),
            format!("`chmod go-w '{}'`", cache.display()),
        ] {
            assert!(refused.err.contains(&said), "{}", refused.all());
        }
    }
    set(0o755);
    scene.start();
}
