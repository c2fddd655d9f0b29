//! Compiled code: as a compiler made it, and loaded into this process.

use wasmtime::Engine;
use wasmtime::component::Component;

use super::compile_error::{CompileError, reason_of};
use super::lines::Lines;

/// Code for the engine, and the encoded table of its source lines.
pub(super) struct Made {
    pub(super) code: Vec<u8>,
    pub(super) lines: Vec<u8>,
}

/// Code of this process, with the source lines that it has.
pub(super) struct Code {
    pub(super) component: Component,
    pub(super) lines: Lines,
}

/// Loads what a compiler made.
pub(super) fn take(engine: &Engine, made: &Made) -> Result<Code, CompileError> {
    let component = load(engine, &made.code);
    Ok(Code {
        component: component.map_err(|error| CompileError::Invalid {
            reason: reason_of(&error),
        })?,
        lines: Lines::decode(&made.lines),
    })
}

/// Takes code into memory that this program has just made, and that was nowhere else.
#[expect(
    unsafe_code,
    reason = "compiled code is trusted by its nature; see the module"
)]
pub(super) fn load(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes are what `Engine::precompile_component` gave a process of this very program, read
    // from the pipe that is its output, or kept with a MAC that has been verified. The engine checks by itself that it is of its version
    // and configuration.
    unsafe { Component::deserialize(engine, code) }
}
