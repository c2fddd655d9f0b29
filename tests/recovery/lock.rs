//! One host per data directory.

use serde_json::json;
use tempfile::TempDir;

use crate::support::{Host, Puppets, guests_dir, levain, masked_text, serve_arguments};

#[test]
fn a_second_host_on_the_same_directory_is_refused_in_words() {
    let (files, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let catalog = Puppets::new().write(&files);
    let first = Host::serve(&catalog, &guests_dir(), data.path());
    let mut arguments = serve_arguments(&catalog, &guests_dir(), data.path());
    arguments.extend(["--log".to_owned(), "off".to_owned()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let refused = levain(&arguments);
    let mut settings = masked_text();
    settings.add_filter(data.path().to_str().unwrap(), "[data]");
    settings.bind(|| insta::assert_snapshot!(refused.all()));
    // The first is none the worse for it, and its directory is free once it is gone.
    assert_eq!(first.get("/readyz").0, 200);
    first.kill();
    let next = Host::serve(&catalog, &guests_dir(), data.path());
    assert_eq!(next.get("/readyz"), (200, json!({"status": "ready"})));
}
