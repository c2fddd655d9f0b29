//! Why a domain was not cloned, or a trigger made nothing, as their rows keep it.

use crate::catalog::Rejection;
use crate::fault::Fault;
use crate::plugins::Registry;
use crate::repo::ServiceError;
use crate::sandbox::CallError;

pub(in crate::sessions) fn not_active(plugins: &Registry, domain: &str) -> ServiceError {
    let message = plugins.refused(domain).map_or_else(
        || "no plugin serves it".to_owned(),
        |refused| refused.refusal.to_string(),
    );
    ServiceError {
        code: "plugin_not_active".into(),
        message,
        faults: Vec::new(),
        fault_count: 0,
    }
}

pub(in crate::sessions) fn call_failed(error: &CallError) -> ServiceError {
    ServiceError {
        code: error.code().to_owned(),
        message: error.to_string(),
        faults: Vec::new(),
        fault_count: 0,
    }
}

/// What a plugin returned is not kept; `allowed` is how many records it might have been.
pub(in crate::sessions) fn refused(rejection: Rejection, allowed: u32) -> ServiceError {
    if rejection.too_many {
        call_failed(&CallError::RecordLimit { allowed })
    } else {
        rejected("invalid_output", rejection.faults, rejection.total)
    }
}

pub(super) fn rejected(code: &str, faults: Vec<Fault>, total: usize) -> ServiceError {
    let first = faults.first().map(Fault::to_string).unwrap_or_default();
    let message = match total {
        1 => first,
        _ => format!("{total} faults, the first: {first}"),
    };
    ServiceError {
        code: code.to_owned(),
        message,
        faults,
        fault_count: u32::try_from(total).unwrap_or(u32::MAX),
    }
}
