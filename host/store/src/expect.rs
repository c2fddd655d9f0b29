//! What a store expects of what it is handed, whichever store it is.

use std::fmt::Display;

use uuid::Uuid;

use super::{OpenError, Replaced, RepoError};
use levain_model::{CatalogClaim, Part, Revision, Session, StoredSegment};

/// # Errors
/// [`RepoError::Corrupt`] for a revision that names a component that is not among these.
pub(super) fn components(revision: &Revision, kept: &[String]) -> Result<(), RepoError> {
    let missing = revision
        .active
        .values()
        .find(|digest| !kept.contains(digest));
    missing.map_or(Ok(()), |digest| {
        Err(corrupt(
            "revision",
            &format!("there is no component {digest}"),
        ))
    })
}

/// # Errors
/// [`OpenError::OtherCatalog`] where another catalog is stored, and this one is not to replace it.
pub(super) fn same_catalog(
    stored: Option<(String, String)>,
    own: &CatalogClaim<'_>,
) -> Result<(), OpenError> {
    let short = |digest: &str| digest.chars().take(12).collect();
    match stored {
        Some((name, digest)) if digest != own.digest && !own.replace => {
            Err(OpenError::OtherCatalog {
                stored: name,
                stored_digest: short(&digest),
                own: own.name.to_owned(),
                own_digest: short(own.digest),
            })
        }
        _ => Ok(()),
    }
}

/// # Errors
/// [`RepoError::Corrupt`] for a segment of a tenant that is not the session's.
pub(super) fn tenants(session: &Session, held: &[StoredSegment]) -> Result<(), RepoError> {
    held.iter()
        .try_for_each(|segment| tenant(session, segment.tenant_id))
}

/// # Errors
/// [`RepoError::Corrupt`] for a part of another session, and for a segment of no part that is
/// replaced: writing it once more would not be the same.
pub(super) fn replacement(
    session: &Session,
    replaced: Replaced<'_>,
    held: &[StoredSegment],
) -> Result<(), RepoError> {
    match replaced {
        Replaced::Everything => tenants(session, held),
        Replaced::Parts(parts) => {
            parts
                .iter()
                .try_for_each(|part| tenant(session, part.tenant_id))?;
            held.iter().try_for_each(|segment| named(parts, segment))
        }
    }
}

fn tenant(session: &Session, tenant_id: Uuid) -> Result<(), RepoError> {
    let mut tenants = session.tenants.iter();
    match tenants.any(|tenant| tenant.tenant_id == tenant_id) {
        true => Ok(()),
        false => Err(corrupt("segment", &"its tenant is not of the session")),
    }
}

fn named(parts: &[Part], segment: &StoredSegment) -> Result<(), RepoError> {
    let is_of = |part: &Part| {
        part.tenant_id == segment.tenant_id
            && part.domain == segment.domain
            && part.part == segment.part
    };
    match parts.iter().any(is_of) {
        true => Ok(()),
        false => Err(corrupt("segment", &"it is of no part that is replaced")),
    }
}

/// A value that this program cannot have written.
pub(super) fn corrupt(what: &'static str, reason: &impl Display) -> RepoError {
    RepoError::Corrupt {
        what,
        reason: reason.to_string(),
    }
}
