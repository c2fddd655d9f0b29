//! What the rooms report: one function per event. Labels are few and bounded: accounts,
//! domains and triggers of the catalog, routes, and words of this host.

use std::time::Duration;

use metrics::{counter, histogram};

use super::names::{
    CLEANUP, CLONING_ERRORS, COUNTS_UNAVAILABLE, CREATED, CREATION, DELETED, INTERRUPTED,
    MIRROR_ERRORS, MIRRORED, NOTICES, PLUGIN_ERRORS, REFUSED, REQUEST, REQUESTS, SERVICE_CLONE,
    TRACES_LOST, TRIGGER_ERRORS, WEBHOOKS,
};

/// The methods that a series may be named for: a caller can make up others.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// How something that was to be sent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dispatch {
    /// It arrived.
    Success,
    /// It did not, however often it was tried.
    Failed,
    /// It was not tried, or not again.
    Dropped,
}

impl Dispatch {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Failed => "FAILED",
            Self::Dropped => "DROPPED",
        }
    }
}

/// A session's creation ended; `took` where it is READY or PARTIAL.
pub fn session_created(account: &str, status: &'static str, took: Option<Duration>) {
    let tier = account.to_owned();
    if let Some(took) = took {
        histogram!(CREATION, "tier" => tier.clone()).record(took);
    }
    counter!(CREATED, "tier" => tier, "status" => status).increment(1);
}

/// A session's cleanup ended; `took` where its data is gone.
pub fn session_deleted(account: &str, status: &'static str, took: Option<Duration>) {
    let tier = account.to_owned();
    if let Some(took) = took {
        histogram!(CLEANUP, "tier" => tier.clone()).record(took);
    }
    counter!(DELETED, "tier" => tier, "status" => status).increment(1);
}

/// A domain of a tenant was called and checked.
pub fn service_cloned(account: &str, domain: &str, took: Duration) {
    histogram!(SERVICE_CLONE, "tier" => account.to_owned(), "service" => domain.to_owned())
        .record(took);
}

/// A domain of a tenant was not cloned.
pub fn cloning_failed(account: &str, domain: &str, code: &str) {
    counter!(
        CLONING_ERRORS,
        "tier" => account.to_owned(), "service" => domain.to_owned(), "error_type" => code.to_owned(),
    )
    .increment(1);
}

/// A trigger made nothing.
pub fn trigger_failed(account: &str, trigger: &str, code: &str) {
    counter!(
        TRIGGER_ERRORS,
        "tier" => account.to_owned(), "trigger" => trigger.to_owned(), "error_type" => code.to_owned(),
    )
    .increment(1);
}

/// A call of a domain's plugin failed.
pub fn plugin_failed(domain: &str, call: &'static str, code: &'static str) {
    counter!(
        PLUGIN_ERRORS,
        "service" => domain.to_owned(), "call" => call, "error_type" => code,
    )
    .increment(1);
}

/// A request for a session was sent away.
pub fn clone_refused() {
    counter!(REFUSED).increment(1);
}

/// Sessions were found that their host did not finish.
pub fn interrupted(sessions: usize) {
    counter!(INTERRUPTED).increment(u64::try_from(sessions).unwrap_or(u64::MAX));
}

/// A request was answered.
pub fn answered(method: &str, route: &str, status: u16, took: Duration) {
    let known = METHODS.into_iter().find(|known| *known == method);
    let (method, route) = (known.unwrap_or("other"), route.to_owned());
    histogram!(REQUEST, "method" => method, "route" => route.clone()).record(took);
    counter!(
        REQUESTS,
        "method" => method, "route" => route, "status" => status.to_string(),
    )
    .increment(1);
}

/// The store did not say how many sessions there are.
pub fn counts_unavailable() {
    counter!(COUNTS_UNAVAILABLE).increment(1);
}

/// A notice was sent to operators.
pub fn noticed(kind: &'static str) {
    counter!(NOTICES, "type" => kind).increment(1);
}

/// A notice to the webhook ended.
pub fn webhook_ended(how: Dispatch) {
    counter!(WEBHOOKS, "status" => how.as_str()).increment(1);
}

/// Changes for the mirror ended.
pub fn mirrored(how: Dispatch, changes: usize) {
    counter!(MIRRORED, "status" => how.as_str())
        .increment(u64::try_from(changes).unwrap_or(u64::MAX));
}

/// The mirror could not be reached.
pub fn mirror_failed() {
    counter!(MIRROR_ERRORS).increment(1);
}

/// The collector did not take a bundle of spans.
pub fn traces_lost() {
    counter!(TRACES_LOST).increment(1);
}
