//! What was under way when a process died.

use super::{ServiceError, ServiceRow, ServiceStatus, TriggerRow, TriggerStatus};

/// Marks as failed what had not ended: it would read as pending for ever.
pub(super) fn mark(services: &mut [ServiceRow], triggers: &mut [TriggerRow], reason: &str) {
    let error = || Some(ServiceError::new("interrupted", reason));
    for service in services {
        if matches!(
            service.status,
            ServiceStatus::Pending | ServiceStatus::Cloning
        ) {
            service.status = ServiceStatus::Failed;
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
