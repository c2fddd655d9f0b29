//! The host knows no trade: no domain, entity or account of the catalog is named in its sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::{catalog_file, root};

/// What every catalog has: tenants and their people. The entity `tenant` goes with its domain.
const COMMON: [&str; 2] = ["tenant", "auth"];

/// Words that another library's trait demands.
const DEMANDED: [(&str, &str); 1] = [("host/catalog/src/json/instance.rs", "MemberName")];

/// What the contract with plugins itself calls what triggers make: the functions of its interface
/// `triggers`, one of each. A host that serves the contract has to say these words.
fn contract() -> BTreeSet<String> {
    let wit = std::fs::read_to_string(root().join("wit/levain-domain.wit")).unwrap();
    let (_, interface) = wit.split_once("interface triggers {").unwrap();
    let (interface, _) = interface.split_once("\n}").unwrap();
    let functions = interface.lines().filter_map(|line| {
        let (name, _) = line.trim().split_once(": func(")?;
        Some(name.strip_suffix('s').unwrap_or(name).to_owned())
    });
    functions.collect()
}

fn names() -> BTreeSet<String> {
    let manifest: toml::Table =
        toml::from_str(&std::fs::read_to_string(catalog_file()).unwrap()).unwrap();
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let mut names = BTreeSet::new();
    for domain in manifest["domain"].as_array().unwrap() {
        names.insert(text(&domain["slug"]));
        names.extend(domain["entities"].as_array().unwrap().iter().map(text));
    }
    names.extend(
        manifest["account"]
            .as_array()
            .unwrap()
            .iter()
            .map(|account| text(&account["slug"])),
    );
    let contract = contract();
    names.retain(|name| !COMMON.contains(&name.as_str()) && !contract.contains(name));
    names
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found)
        } else {
            found.push(path)
        }
    }
}

/// The words of a text: its tokens, in lower case; of a name in camel case its snake form too, and
/// each of its parts.
fn words(token: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::from([token.to_lowercase()]);
    if token.contains('_') || !token.contains(|letter: char| letter.is_ascii_uppercase()) {
        return words;
    }
    let mut parts: Vec<String> = vec![String::new()];
    let mut before = ' ';
    for letter in token.chars() {
        if letter.is_ascii_uppercase() && !before.is_ascii_uppercase() {
            parts.push(String::new());
        }
        parts.last_mut().unwrap().push(letter.to_ascii_lowercase());
        before = letter;
    }
    parts.retain(|part| !part.is_empty());
    words.insert(parts.join("_"));
    words.extend(parts);
    words
}

fn named(file: &str, text: &str, names: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    for (line, content) in text.lines().enumerate() {
        for token in content.split(|letter: char| !letter.is_alphanumeric() && letter != '_') {
            if DEMANDED.contains(&(file, token)) {
                continue;
            }
            found.extend(
                words(token)
                    .intersection(names)
                    .map(|name| format!("{file}:{}: {name}: {}", line + 1, content.trim())),
            );
        }
    }
    found
}

#[test]
fn the_host_names_nothing_of_the_catalog() {
    let names = names();
    assert!(names.len() > 30, "{names:?}");
    let mut sources = Vec::new();
    for room in [
        "src",
        "catalog/src",
        "model/src",
        "store/src",
        "store/migrations",
    ] {
        files(&root().join("host").join(room), &mut sources);
    }
    assert!(sources.len() > 100, "{}", sources.len());
    let found: Vec<String> = sources
        .iter()
        .flat_map(|path| {
            let file = path
                .strip_prefix(root())
                .unwrap()
                .to_string_lossy()
                .into_owned();
            named(&file, &std::fs::read_to_string(path).unwrap(), &names)
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_contract_has_three_words_of_its_own() {
    let words = ["alert", "insight", "kpi"].map(str::to_owned);
    assert_eq!(contract(), BTreeSet::from(words));
}

#[test]
fn a_name_is_found_however_it_is_written() {
    let names = BTreeSet::from(["quality_check".to_owned(), "batch".to_owned()]);
    for text in [
        "// a batch of",
        "let batch = 1",
        "struct BatchView",
        "\"BATCH\"",
        "QualityCheck::new",
        "quality_check",
    ] {
        assert_eq!(named("x", text, &names).len(), 1, "{text}");
    }
    for text in ["batches", "batch_size", "quality", "a quality check"] {
        assert_eq!(named("x", text, &names), [""; 0], "{text}");
    }
}
