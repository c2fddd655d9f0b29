//! Why a domain was not cloned, or a trigger made nothing, as their rows keep it.

use crate::plugins::Registry;
use crate::sandbox::CallError;
use levain_catalog::Rejection;
use levain_model::Failure;

pub(in crate::sessions) fn not_active(plugins: &Registry, domain: &str) -> Failure {
    let message = plugins.refused(domain).map_or_else(
        || "no plugin serves it".to_owned(),
        |refused| refused.refusal.to_string(),
    );
    Failure::new("plugin_not_active", message)
}

pub(in crate::sessions) fn call_failed(error: &CallError) -> Failure {
    Failure::new(error.code(), error)
}

/// What a plugin returned is not kept; `allowed` is how many records it might have been.
pub(in crate::sessions) fn refused(rejection: Rejection, allowed: u32) -> Failure {
    if rejection.too_many {
        call_failed(&CallError::RecordLimit { allowed })
    } else {
        Failure::of_faults("invalid_output", rejection.faults, rejection.total)
    }
}
