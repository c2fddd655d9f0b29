//! Fuzz target of what admission reads of a component before anything is compiled: see
//! [`crate::fuzzing`].

use wasmparser::{Parser, Payload, Validator, WasmFeatures};

use super::compile_error::{CompileError, refuse_foreign};
use super::shape::{LIFECYCLE, Shape};
use super::trim::trim;
use crate::fuzzing::LONGEST_TEXT;
use crate::plugins::{Refusal, admit};

/// Bytes are refused in words, and what an image keeps of a component is as sound as the component.
///
/// # Panics
/// Where it is not.
pub fn component(data: &[u8]) {
    match refuse_foreign(data) {
        Ok(()) => assert!(data.len() >= 8 && data.starts_with(b"\0asm")),
        Err(error) => {
            assert!(matches!(
                error,
                CompileError::NotWasm { .. } | CompileError::CoreModule
            ));
            assert!(error.to_string().len() <= LONGEST_TEXT);
        }
    }
    check_trim(data);
    if let Some(shape) = shape(data) {
        check_admission(&shape);
    }
}

/// What is left of a component keeps its sections, is valid where the component is, and is trimmed
/// already.
fn check_trim(data: &[u8]) {
    let valid = is_valid(data);
    // A module that is longer than its component ends with it to some readers: it is left as it is.
    let Some(trimmed) = trim(data) else { return };
    assert!(!valid || is_valid(&trimmed), "trimming made it invalid");
    assert_eq!(trim(&trimmed).as_ref(), Some(&trimmed));
}

/// Whether it is valid for an engine that knows every proposal.
fn is_valid(data: &[u8]) -> bool {
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(data)
        .is_ok()
}

/// The imports and exports of the outermost component, by name.
fn shape(data: &[u8]) -> Option<Shape> {
    let mut shape = Shape::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(data) {
        match payload.ok()? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    shape.imports.push(import.ok()?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(exports) if depth == 0 => {
                for export in exports {
                    shape.exports.push(export.ok()?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Some(shape)
}

fn check_admission(shape: &Shape) {
    for triggers in [&[][..], &["overdue"]] {
        match admit(shape, triggers) {
            Ok(()) => {
                let ours = |name: &String| name.starts_with("levain:domain/");
                assert!(shape.imports.iter().all(ours), "{shape:?}");
                assert!(shape.exports_interface(LIFECYCLE));
                let version = shape.interface_version();
                assert!(
                    version.is_empty() || version.starts_with("0.1"),
                    "{version}"
                );
            }
            Err(refusal) => {
                assert!(!matches!(refusal, Refusal::Compile(_)));
                let text = refusal.to_string();
                assert!(
                    text.len() <= LONGEST_TEXT,
                    "a refusal of {} bytes",
                    text.len()
                );
            }
        }
    }
}
