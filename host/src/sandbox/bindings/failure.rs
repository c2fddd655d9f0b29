//! Why a call gave no value.

/// A call that gave no value: the engine's error, or the guest's own.
pub(in crate::sandbox) enum Failure {
    Engine(wasmtime::Error),
    Guest(GuestError),
}

/// The guest's own error, in the terms of the newest generation.
pub(in crate::sandbox) enum GuestError {
    InvalidFixture {
        entity: String,
        record: Option<String>,
        reason: String,
    },
    Unsupported(String),
    Failed(String),
    Other(String),
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Self {
        Self::Engine(error)
    }
}
