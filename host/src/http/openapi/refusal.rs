//! The refusals that routes have in common, for their descriptions. A route names the sets that
//! can happen to it.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::content::Content;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{Ref, RefOr};

use crate::http::problem::MEDIA_TYPE;

/// A refusal, described.
pub(super) fn response(description: &str) -> RefOr<Response> {
    let problem = Ref::from_schema_name("Problem");
    ResponseBuilder::new()
        .description(description)
        .content(MEDIA_TYPE, Content::new(Some(problem)))
        .build()
        .into()
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident { $($status:literal: $description:literal,)+ })+) => {$(
        $(#[$doc])*
        pub(in crate::http) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                BTreeMap::from([$(($status.to_owned(), response($description)),)+])
            }
        }
    )+};
}

refusals! {
    /// Parameters are read.
    BadRequest { "400": "The request is not valid; `errors` lists every fault.", }
    /// A body is read.
    BadBody {
        "400": "The request is not valid, or its body is not JSON; `errors` lists every fault.",
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
    /// A session is cloned.
    SessionFailed { "502": "A required domain was not cloned. The session is FAILED and can be read under `session_id`.", }
    /// A domain is cloned.
    DomainFailed { "502": "The domain was not cloned; all is as it was.", }
    /// The store is asked.
    StoreUnavailable { "503": "The store is unavailable, or the host is stopping; see `Retry-After`.", }
    /// The host is asked whether it is ready.
    NotReady { "503": "It cannot work now.", }
}
