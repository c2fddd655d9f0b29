//! What was under way when a process died.

use levain_model::{DomainOutcome, DomainStatus, Failure, TriggerOutcome, TriggerStatus};

/// Marks as failed what had not ended: it would read as pending for ever.
pub(super) fn mark(services: &mut [DomainOutcome], triggers: &mut [TriggerOutcome], reason: &str) {
    let error = || Some(Failure::new("interrupted", reason));
    for service in services {
        if matches!(
            service.status,
            DomainStatus::Pending | DomainStatus::Cloning
        ) {
            service.status = DomainStatus::Failed;
            service.error = error();
        }
    }
    for trigger in triggers {
        if matches!(
            trigger.status,
            TriggerStatus::Pending | TriggerStatus::Running
        ) {
            trigger.status = TriggerStatus::Failed;
            trigger.error = error();
        }
    }
}
