//! A catalog with faults: the host does not start, and lists every one of them at once.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Said, copy, levain, masked_text, plugins_dir, root, serve_arguments};

/// The project's catalog, to be spoilt.
struct Draft {
    directory: TempDir,
}

impl Draft {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        for folder in ["fixtures", "schemas"] {
            copy(&root().join(folder), &directory.path().join(folder));
        }
        Self { directory }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join("fixtures").join(name)
    }

    fn edit(&self, name: &str, edit: impl FnOnce(&mut Value)) {
        let file = self.file(name);
        let mut value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        edit(&mut value);
        fs::write(file, value.to_string()).unwrap();
    }

    fn check(&self) -> Said {
        levain(&[
            "catalog",
            "check",
            "--catalog",
            self.file("catalog.toml").to_str().unwrap(),
        ])
    }

    fn serve(&self, data: &Path) -> Said {
        let arguments = serve_arguments(&self.file("catalog.toml"), &plugins_dir(), data);
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        arguments.extend(["--log", "off"]);
        levain(&arguments)
    }

    fn snapshot(&self, name: &str, said: &Said) {
        let mut settings = masked_text();
        // Ids of fixtures are the point here.
        settings.set_filters(Vec::<(&str, &str)>::new());
        settings.add_filter(self.directory.path().to_str().unwrap(), "[dir]");
        settings.bind(|| insta::assert_snapshot!(name, said.all()));
    }
}

/// Five faults in five files.
fn plant(draft: &Draft) {
    let file = draft.file("professional/11-orchestrator.json");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, &text[..text.len() / 2]).unwrap();
    draft.edit("professional/05-suppliers.json", |data| {
        data["supplier"][2]["country"] = "es".into();
    });
    draft.edit("professional/06-production.json", |data| {
        data["quality_check"][2]["template_id"] = "22000000-0000-4000-8000-00000000dead".into();
    });
    draft.edit("professional/03-inventory.json", |data| {
        data["stock"][5]["id"] = data["stock"][4]["id"].clone();
    });
    draft.edit("professional/08-orders.json", |data| {
        data["customer_order"][0]["delivery_date"] = "BASE_TS + 3x".into();
    });
}

#[test]
fn every_fault_is_listed_at_once_and_the_host_does_not_start() {
    let draft = Draft::new();
    plant(&draft);
    let checked = draft.check();
    draft.snapshot("check", &checked);
    let data = TempDir::new().unwrap();
    let served = draft.serve(data.path());
    draft.snapshot("serve", &served);
    for said in [&checked, &served] {
        assert_eq!(said.code, 1, "{}", said.all());
        assert!(
            said.err.contains("error: 5 faults in "),
            "each is told once: {}",
            said.all()
        );
        let told = format!("{}{}", said.out, said.err);
        for (file, pointer, rule, value) in [
            ("11-orchestrator.json", "", "json", ""),
            (
                "05-suppliers.json",
                "/supplier/2/country",
                "schema",
                "(value: \"es\")",
            ),
            (
                "06-production.json",
                "/quality_check/2/template_id",
                "reference",
                "00000000dead",
            ),
            ("03-inventory.json", "/stock/5/id", "unique", "13000000"),
            (
                "08-orders.json",
                "/customer_order/0/delivery_date",
                "marker",
                "BASE_TS + 3x",
            ),
        ] {
            let line = told
                .lines()
                .find(|line| line.contains(file) && line.contains(&format!("[{rule}]")));
            let line = line.unwrap_or_else(|| panic!("no {rule} fault of {file}:\n{told}"));
            assert!(line.contains(pointer) && line.contains(value), "{line}");
        }
    }
    assert!(!data.path().join("levain.db").exists(), "it opened a store");
}

#[test]
fn a_catalog_that_is_not_there_is_a_failure_and_not_a_fault() {
    let said = levain(&["catalog", "check", "--catalog", "/nowhere/catalog.toml"]);
    insta::assert_snapshot!(said.all());
}

#[test]
fn the_catalog_of_the_project_has_no_fault() {
    let said = Draft::new().check();
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.all());
}
