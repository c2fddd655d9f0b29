//! The failure of a command: its cause, printed once, details, and what to do.

use super::output::Output;
use super::problem::Problem;
use crate::keys::KeyError;
use levain_model::fault::Faults;
use levain_store::OpenError;

#[derive(Debug)]
pub(super) struct Failure {
    cause: anyhow::Error,
    details: Vec<String>,
    hint: Option<String>,
}

impl Failure {
    /// Adds lines of detail, shown below the cause.
    pub(super) fn with_details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    /// Adds what to do, with the exact command.
    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The cause, if it has this type.
    pub(super) fn cause<E: std::error::Error + Send + Sync + 'static>(&self) -> Option<&E> {
        self.cause.downcast_ref()
    }

    /// The exit code: 1 if the input has faults or a session failed (502 from the host), 2 otherwise.
    pub(super) fn code(&self) -> u8 {
        let faulty = self.cause::<Faults>().is_some();
        let failed = self
            .cause::<Problem>()
            .is_some_and(|problem| problem.status == 502);
        if faulty || failed { 1 } else { 2 }
    }

    pub(super) fn print(&self, output: &Output) {
        if let Some(found) = self.cause::<Faults>() {
            for fault in &found.faults {
                output.say(&fault.to_string());
            }
        }
        output.error(&format!("{:#}", self.cause));
        for detail in &self.details {
            output.say(&format!("  {detail}"));
        }
        if let Some(hint) = &self.hint {
            output.hint(hint);
        } else if let Some(OpenError::Held { .. }) = self.cause() {
            output.hint(
                "stop the other host, or give this one a directory of its own: levain serve --data-dir DIR",
            );
        } else if let Some(KeyError::Other { .. }) = self.cause() {
            output.hint(
                "levain serve --replace-keys true has this host's keys replace them: the tokens of live sessions then open nothing, and earlier receipts verify only with the public key of before",
            );
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(cause: E) -> Self {
        Self {
            cause: cause.into(),
            details: Vec::new(),
            hint: None,
        }
    }
}
