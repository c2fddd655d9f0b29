//! Whether a component may serve: a pure decision on what it imports and exports.

use crate::sandbox::{CompileError, LIFECYCLE, Shape, TRIGGERS};
use levain_model::fault::shortened;

/// The most names of a component that a refusal lists, and the most bytes of each.
const LISTED: usize = 20;
const NAME: usize = 160;
/// The most bytes of what the compiler says of it, which repeats names of the component.
const COMPILER: usize = 1_000;

/// The package that the contract lives in.
const PACKAGE: &str = "levain:domain/";
/// The generations of the contract that this host serves, as `major.minor`.
const SERVED: &[&str] = &["0.1"];

/// Why a component may not serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no file.
    #[error(
        "there is no such file; build the plugins with `cargo xtask build-plugins`, or name their directory with --plugins"
    )]
    Missing,
    /// The file cannot be read.
    #[error("the file cannot be read: {reason}")]
    Unreadable {
        /// The operating system's word.
        reason: String,
    },
    /// It imports what no plugin may have.
    #[error(
        "it imports {}, and a plugin may import `levain:domain` alone; {}",
        names(imports),
        remedy(imports)
    )]
    ForbiddenImport {
        /// The imports that are not ours.
        imports: Vec<String>,
    },
    /// It was built for a generation of the contract that this host does not serve.
    #[error("it needs levain:domain {needed}, this host serves {}; rebuild it against the interface in wit/", SERVED.join(", "))]
    UnknownGeneration {
        /// The version it names.
        needed: String,
    },
    /// It does not export what a plugin exports.
    #[error(
        "it does not export `levain:domain/lifecycle`, so it is not a Levain plugin (it exports {})",
        names(exports)
    )]
    NotAPlugin {
        /// What it does export.
        exports: Vec<String>,
    },
    /// The catalog names it in triggers, and it exports none.
    #[error(
        "the catalog has it answer {}, and it does not export `{TRIGGERS}`: build it for the world `triggering-plugin`, or remove what it is to answer from the catalog",
        triggers_named(triggers)
    )]
    NoTriggers {
        /// The triggers' slugs.
        triggers: Vec<String>,
    },
    /// It cannot be compiled or linked.
    #[error("{}", shortened(.0, COMPILER))]
    Compile(CompileError),
}

impl Refusal {
    /// Whether the same component may be admitted the next time: it is the machine that refused it.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreadable { .. }
                | Self::Compile(
                    CompileError::TimeLimit { .. }
                        | CompileError::MemoryLimit { .. }
                        | CompileError::Compiler { .. }
                )
        )
    }
}

/// Decides on a component's imports and exports; `triggers` are the slugs of those that the catalog
/// has it answer. A component may export triggers that no line of the catalog names.
///
/// # Errors
/// [`Refusal`], the most telling one first: a forbidden import, an unknown generation, a missing export.
pub fn admit(shape: &Shape, triggers: &[&str]) -> Result<(), Refusal> {
    let forbidden: Vec<String> = shape
        .imports
        .iter()
        .filter(|name| !name.starts_with(PACKAGE))
        .cloned()
        .collect();
    if !forbidden.is_empty() {
        return Err(Refusal::ForbiddenImport { imports: forbidden });
    }
    let foreign = shape
        .imports
        .iter()
        .chain(&shape.exports)
        .filter(|name| name.starts_with(PACKAGE))
        .filter_map(|name| name.split_once('@').map(|(_, version)| version))
        .find(|version| !SERVED.contains(&generation(version)));
    if let Some(version) = foreign {
        return Err(Refusal::UnknownGeneration {
            needed: shortened(version, NAME),
        });
    }
    if !shape.exports_interface(LIFECYCLE) {
        return Err(Refusal::NotAPlugin {
            exports: shape.exports.clone(),
        });
    }
    if !triggers.is_empty() && !shape.exports_interface(TRIGGERS) {
        return Err(Refusal::NoTriggers {
            triggers: triggers.iter().map(|slug| (*slug).to_owned()).collect(),
        });
    }
    Ok(())
}

/// A failed link, explained by an import that the host does not serve, if there is one.
pub(super) fn refuse(error: CompileError) -> Refusal {
    match &error {
        CompileError::Link { shape, .. } => {
            admit(shape, &[]).err().unwrap_or(Refusal::Compile(error))
        }
        _ => Refusal::Compile(error),
    }
}

/// `major.minor` of a version.
fn generation(version: &str) -> &str {
    version
        .rsplit_once('.')
        .map_or(version, |(generation, _patch)| generation)
}

fn names(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        names => {
            let listed = names.iter().take(LISTED);
            let mut listed: Vec<String> = listed
                .map(|name| format!("`{}`", shortened(name, NAME)))
                .collect();
            if let Some(more) = names.len().checked_sub(LISTED).filter(|more| *more > 0) {
                listed.push(format!("and {more} more"));
            }
            listed.join(", ")
        }
    }
}

fn triggers_named(triggers: &[String]) -> String {
    let noun = match triggers {
        [_] => "the trigger",
        _ => "the triggers",
    };
    format!("{noun} {}", names(triggers))
}

fn remedy(imports: &[String]) -> &'static str {
    if imports.iter().any(|name| name.starts_with("wasi:")) {
        "build without WASI: Rust for wasm32-unknown-unknown, componentize-py with --stub-wasi, \
         componentize-js with disableFeatures: stdio, random, clocks, http, fetch-event"
    } else {
        "remove it from the world that the component is built for"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(imports: &[&str], exports: &[&str]) -> Shape {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Shape {
            imports: owned(imports),
            exports: owned(exports),
        }
    }

    const LIFECYCLE: &str = "levain:domain/lifecycle@0.1.0";
    const TRIGGERS: &str = "levain:domain/triggers@0.1.0";

    #[test]
    fn a_plugin_may_import_the_host_and_nothing_else() {
        assert_eq!(
            admit(&shape(&["levain:domain/host@0.1.0"], &[LIFECYCLE]), &[]),
            Ok(())
        );
        assert_eq!(admit(&shape(&[], &[LIFECYCLE]), &[]), Ok(()));
        let refusal =
            admit(&shape(&["wasi:clocks/wall-clock@0.2.0"], &[LIFECYCLE]), &[]).unwrap_err();
        let text = refusal.to_string();
        assert!(text.contains("`wasi:clocks/wall-clock@0.2.0`"), "{text}");
        assert!(text.contains("--stub-wasi"), "{text}");
        assert!(admit(&shape(&["env:host/log@0.1.0"], &[LIFECYCLE]), &[]).is_err());
    }

    #[test]
    fn an_unknown_generation_is_refused_in_words() {
        let refusal = admit(
            &shape(
                &["levain:domain/host@0.2.0"],
                &["levain:domain/lifecycle@0.2.0"],
            ),
            &[],
        );
        assert_eq!(
            refusal.unwrap_err().to_string(),
            "it needs levain:domain 0.2.0, this host serves 0.1; rebuild it against the interface in wit/"
        );
        assert_eq!(
            admit(
                &shape(
                    &["levain:domain/host@0.1.7"],
                    &["levain:domain/lifecycle@0.1.7"]
                ),
                &[]
            ),
            Ok(())
        );
    }

    #[test]
    fn something_else_is_named_as_such() {
        let refusal = admit(&shape(&[], &["acme:tool/run@1.0.0"]), &[]).unwrap_err();
        assert!(refusal.to_string().contains("`acme:tool/run@1.0.0`"));
    }

    #[test]
    fn a_plugin_that_the_catalog_has_answer_triggers_exports_them() {
        let without = shape(&[], &[LIFECYCLE]);
        assert_eq!(
            admit(&without, &["late-loans"]).unwrap_err().to_string(),
            "the catalog has it answer the trigger `late-loans`, and it does not export \
             `levain:domain/triggers`: build it for the world `triggering-plugin`, or remove what \
             it is to answer from the catalog"
        );
        let refusal = admit(&without, &["late-loans", "lost-books"]).unwrap_err();
        let text = refusal.to_string();
        assert!(
            text.contains("the triggers `late-loans`, `lost-books`"),
            "{text}"
        );
        let with = shape(&[], &[LIFECYCLE, TRIGGERS]);
        assert_eq!(admit(&with, &["late-loans"]), Ok(()));
        assert_eq!(admit(&with, &[]), Ok(()), "it may offer more than is asked");
        // Triggers alone make no plugin.
        let refusal = admit(&shape(&[], &[TRIGGERS]), &["late-loans"]);
        assert!(matches!(refusal, Err(Refusal::NotAPlugin { .. })));
    }

    #[test]
    fn triggers_of_another_generation_are_refused() {
        let shape = shape(&[], &[LIFECYCLE, "levain:domain/triggers@0.2.0"]);
        let refusal = admit(&shape, &[]).unwrap_err();
        let needed = "0.2.0".to_owned();
        assert_eq!(refusal, Refusal::UnknownGeneration { needed });
    }
}
