//! What the fuzz targets of `fuzz/` run: one function per target, which takes any bytes and panics
//! where a property of the parser under test does not hold.
//!
//! The functions are here, and not in `fuzz/`, so that the normal tests run the committed corpora
//! through them. Each target checks: no panic; texts of refusals whose size is bounded; a value that
//! is written again is read as the same; what is accepted is of the claimed kind and range; another
//! parser, where there is one, agrees.

use crate::{http, receipts, sandbox};

/// A target: its name, which is also that of its corpus, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("json", levain_catalog::fuzzing::json),
    ("time", levain_catalog::fuzzing::time),
    ("decimal", levain_catalog::fuzzing::decimal),
    ("fixture", levain_catalog::fuzzing::fixture),
    ("schema", levain_catalog::fuzzing::schema),
    ("catalog", levain_catalog::fuzzing::catalog),
    ("query", http::fuzzing::query),
    ("component", sandbox::fuzzing::component),
    ("receipt", receipts::fuzzing::receipt),
];

/// Runs the target of a name; the fuzz targets of `fuzz/` call this.
///
/// # Panics
/// Where a property does not hold, and for a name without a target.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let Some((_, target)) = target else {
        panic!("there is no target `{name}`");
    };
    target(input);
}

pub(crate) use levain_catalog::fuzzing::LONGEST_TEXT;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn corpora() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
    }

    fn names(directory: &Path) -> BTreeSet<String> {
        let entries = std::fs::read_dir(directory).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn every_committed_input_passes_its_target() {
        for (name, target) in TARGETS {
            let corpus = corpora().join(name);
            let inputs = names(&corpus);
            assert!(!inputs.is_empty(), "{name} has no corpus");
            for input in inputs {
                let bytes = std::fs::read(corpus.join(&input)).unwrap();
                // The name of an input that fails is what a reader needs first.
                let passed = std::panic::catch_unwind(|| target(&bytes));
                assert!(passed.is_ok(), "{name}: fuzz/corpus/{name}/{input}");
            }
        }
    }

    #[test]
    fn targets_corpora_and_binaries_are_the_same_set() {
        let targets: BTreeSet<String> =
            TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(names(&corpora()), targets);
        let binaries = names(&corpora().join("../fuzz_targets"));
        let binaries: BTreeSet<String> = binaries
            .iter()
            .map(|file| file.trim_end_matches(".rs").to_owned())
            .collect();
        assert_eq!(binaries, targets);
    }

    #[test]
    fn fuzz_targets_have_the_versions_of_the_workspace() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let packages = |lock: &str| -> BTreeSet<(String, String)> {
            let text = std::fs::read_to_string(root.join(lock)).unwrap();
            let lock: toml::Table = text.parse().unwrap();
            let text = |package: &toml::Value, key: &str| package[key].as_str().unwrap().to_owned();
            let packages = lock["package"].as_array().unwrap().iter();
            packages
                .map(|package| (text(package, "name"), text(package, "version")))
                .collect()
        };
        let ours = packages("Cargo.lock");
        let mut others = packages("fuzz/Cargo.lock");
        others.retain(|package| !ours.contains(package));
        let others: Vec<&str> = others.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            others,
            ["jobserver", "levain-fuzz", "libfuzzer-sys"],
            "copy Cargo.lock to fuzz/"
        );
    }
}
