//! Triggers: what plugins raise once everything is cloned. Which of them run is a pure decision
//! (`plan`, `readers`); a phase runs at once (`phases`), each call by itself (`call`); what is told
//! again later replaces what it made before (`again`).
//!
//! Whatever becomes of a trigger, the session's status is decided by its domains alone.

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
