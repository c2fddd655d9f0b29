//! The refusals that routes have in common, for their descriptions. A route names the sets that
//! can happen to it.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::content::Content;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};

use crate::http::problem::MEDIA_TYPE;

/// The statuses that say when to come back.
const FOR_NOW: [&str; 2] = ["429", "503"];

/// The status of a head that is too large to be read: there is nobody yet who could say more.
const UNREAD: &str = "431";

/// A refusal, described.
pub(super) fn response(status: &str, description: &str) -> RefOr<Response> {
    if status == UNREAD {
        let unread = ResponseBuilder::new().description(description);
        return unread.build().into();
    }
    let mut response = problem(description);
    if FOR_NOW.contains(&status) {
        let seconds = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Integer))
            .minimum(Some(1));
        let header = HeaderBuilder::new()
            .schema(Some(seconds))
            .description(Some("Seconds to wait before the next try"));
        response = response.header("Retry-After", header.build());
    }
    response.build().into()
}

fn problem(description: &str) -> ResponseBuilder {
    let problem = Ref::from_schema_name("Problem");
    ResponseBuilder::new()
        .description(description)
        .content(MEDIA_TYPE, Content::new(Some(problem)))
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident { $($status:literal: $description:literal,)+ })+) => {$(
        $(#[$doc])*
        pub(in crate::http) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                BTreeMap::from([$(($status.to_owned(), response($status, $description)),)+])
            }
        }
    )+};
}

refusals! {
    /// Parameters are read.
    BadRequest { "400": "The request is not valid; `errors` lists the first 20 faults.", }
    /// A body is read.
    BadBody {
        "400": "The request is not valid, or its body is not JSON; `errors` lists the first 20 faults.",
        "408": "The body took too long to come.",
        "413": "The body is too large.",
        "415": "The body is not said to be JSON.",
    }
    /// The key may be given.
    KeyRefused { "401": "The internal key is missing where it is needed, or wrong.", }
    /// The key is needed for some fields.
    KeyRequired { "403": "A field of the body needs the internal key.", }
    /// A token or the key is needed.
    TokenRefused { "401": "The session's access token is missing, not valid, or has expired.", }
    /// A session is named.
    NoSession { "404": "There is no such session.", }
    /// Domains, entities, sessions or tenants are named.
    NothingThere { "404": "There is no such session, tenant, domain, entity or record, or the token does not open it.", }
    /// An id may be asked for.
    TenantTaken { "409": "The virtual tenant's id is taken, or the session was deleted while it was being created.", }
    /// A session's data is read or changed.
    NotOpen { "409": "The session's data cannot be read now, or the domain has none.", }
    /// A session's data is read or changed.
    SessionOver { "410": "The session is over: expired or destroyed.", }
    /// A session's time is extended.
    NotExtended { "409": "It cannot be extended again, or is not READY or PARTIAL.", }
    /// A session's data is made anew.
    NotReset {
        "409": "The session is not READY or PARTIAL, or was changed by another request meanwhile.",
        "502": "A required domain was not cloned again; the session is as it was.",
        "504": "The clone took longer than its lease; the session is as it was.",
    }
    /// A key may have been used.
    KeyReused { "422": "The idempotency key stands for another request.", }
    /// Clients are counted.
    TooMany { "429": "Too many sessions are asked for from this address, or too many wrong keys came from it; see `Retry-After`.", }
    /// A session is cloned.
    SessionFailed {
        "502": "A required domain was not cloned. The session is FAILED and can be read under `session_id`.",
        "504": "The clone took longer than its lease; nothing of it was kept.",
    }
    /// A domain is cloned.
    DomainFailed { "502": "The domain was not cloned; all is as it was.", }
    /// A session is asked for its receipt.
    NoReceipt { "404": "There is no such session, or nothing of it was ever committed.", }
    /// A session is made again.
    NotReproduced { "409": "The session has no receipt, cannot be read now, or what made it is not here any more.", }
    /// A trigger is run.
    TriggerNotRun {
        "409": "The session's data cannot be read now, or something that the trigger reads is not there.",
        "502": "The trigger failed; all is as it was.",
    }
    /// The store is asked.
    StoreUnavailable { "503": "The store is unavailable, the host is stopping or, where the call reads, too many reads are under way; see `Retry-After`.", }
    /// The store is asked, and a clone is begun.
    HostBusy { "503": "Too many clones are under way, the store is unavailable, or the host is stopping; see `Retry-After`.", }
    /// A stream is opened.
    StreamUnavailable {
        "429": "This address, or the session, has as many streams open as one may, or the address sends too many requests; see `Retry-After`.",
        "503": "Too many streams are open, the store is unavailable, or the host is stopping; see `Retry-After`.",
    }
    /// The admin key is needed.
    AdminRefused { "401": "The admin key is missing or wrong.", }
    /// A domain is named.
    NoDomain { "404": "There is no such domain.", }
    /// A component is sent.
    BadComponent {
        "400": "The request is not valid; `errors` lists the first 20 faults.",
        "408": "The body took too long to come.",
        "413": "The component is larger than this host admits.",
    }
    /// The plugins are changed.
    NotChanged { "409": "The domain has no plugin of its own, no version before, or the plugins were changed by somebody else meanwhile.", }
    /// A candidate is proven.
    NotProven { "422": "The candidate may not serve, or the proof found what a plugin must not do: `errors` has the first 20 findings. All is as it was.", }
    /// A candidate is proven.
    ProofBusy { "503": "Another change is being proven, the store is unavailable, or the host is stopping; see `Retry-After`.", }
    /// The host is asked whether it is ready.
    NotReady { "503": "It cannot work now.", }
}
