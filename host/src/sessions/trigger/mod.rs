//! Triggers: what plugins raise once everything is cloned. Which of them run is a pure decision
//! (`plan`, `readers`); a phase runs at once (`phases`), each call by itself (`call`); what is told
//! again later replaces what it made before (`again`).
//!
//! Only the domains decide the session's status; a failed trigger does not change it.

mod again;
mod call;
mod phases;
mod plan;
mod readers;
#[cfg(test)]
mod testing;

pub use again::CallTrigger;
pub(super) use phases::run_phases;
pub use plan::Switches;
pub(super) use plan::{give_up, pending, settle, withdraw};
pub(super) use readers::readers;
