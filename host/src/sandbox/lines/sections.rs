//! The core modules of a component: the place of each one's code, and its debug information.

use std::ops::Range;

use wasmparser::{Parser, Payload};

/// A core module; all offsets are in the component.
#[derive(Debug, Default)]
pub(super) struct Module<'b> {
    /// Where the content of its code section begins: what addresses count from.
    pub(super) code: usize,
    /// The bodies of its functions, in order.
    pub(super) bodies: Vec<Range<usize>>,
    pub(super) line: &'b [u8],
    pub(super) strings: &'b [u8],
    pub(super) line_strings: &'b [u8],
}

/// The modules of a component, in order; `None` where it cannot be read.
pub(super) fn modules(component: &[u8]) -> Option<Vec<Module<'_>>> {
    let mut modules: Vec<Module<'_>> = Vec::new();
    // Modules hold no modules: between one's beginning and its end, everything is its own.
    let mut within = false;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.ok()?;
        match &payload {
            Payload::ModuleSection { .. } => {
                modules.push(Module::default());
                within = true;
            }
            Payload::End(_) => within = false,
            _ => {}
        }
        let Some(module) = modules.last_mut().filter(|_| within) else {
            continue;
        };
        match payload {
            Payload::CodeSectionStart { range, .. } => module.code = range.start,
            Payload::CodeSectionEntry(body) => module.bodies.push(body.range()),
            Payload::CustomSection(section) => {
                let kept = match section.name() {
                    ".debug_line" => &mut module.line,
                    ".debug_str" => &mut module.strings,
                    ".debug_line_str" => &mut module.line_strings,
                    _ => continue,
                };
                *kept = section.data();
            }
            _ => {}
        }
    }
    Some(modules)
}
