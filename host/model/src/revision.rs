//! Revisions of which component serves each domain, and which components still matter.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::ViewSpec;

/// How many versions of a domain a rollback can go back.
pub const ROLLBACKS: usize = 3;

/// One state of the registry: table `plugin_revisions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    pub revision: u32,
    /// Which act created it.
    pub cause: Cause,
    pub made_at: DateTime<Utc>,
    /// The name that the caller gave.
    pub made_by: String,
    /// The digest of the component of every domain that has one.
    pub active: BTreeMap<String, String>,
}

/// The act that created a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Components from a directory, for domains without one.
    Fill,
    /// Components that were proven.
    Install,
    /// Components of an earlier revision.
    Rollback,
}

impl Cause {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fill => "FILL",
            Self::Install => "INSTALL",
            Self::Rollback => "ROLLBACK",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Cause {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "FILL" => Self::Fill,
            "INSTALL" => Self::Install,
            "ROLLBACK" => Self::Rollback,
            other => return Err(format!("unknown cause {other:?}")),
        })
    }
}

/// A stored component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentRow {
    /// Its SHA-256, in lower-case hexadecimal.
    pub digest: String,
    pub bytes: Vec<u8>,
}

/// The catalog that a host serves, and the views that go with it.
#[derive(Debug, Clone, Copy)]
pub struct CatalogClaim<'c> {
    pub name: &'c str,
    /// The digest over all its files.
    pub digest: &'c str,
    /// One view per entity.
    pub views: &'c [ViewSpec],
    /// Whether it may replace another catalog.
    pub replace: bool,
}

/// The versions of a domain over revisions in ascending order: the last one serves, rollbacks lead to those before
/// it. A rollback removes the last one; a version that is installed again is the last.
#[must_use]
pub fn versions(revisions: &[Revision], domain: &str) -> Vec<String> {
    let mut versions: Vec<String> = Vec::new();
    for revision in revisions {
        let Some(digest) = revision.active.get(domain) else {
            continue;
        };
        if versions.last() == Some(digest) {
            continue;
        }
        let before = versions
            .len()
            .checked_sub(2)
            .and_then(|index| versions.get(index));
        match revision.cause {
            Cause::Rollback if before == Some(digest) => drop(versions.pop()),
            // A fill starts over: earlier versions were proven on another catalog.
            Cause::Fill => versions = vec![digest.clone()],
            _ => versions.push(digest.clone()),
        }
    }
    versions
}

/// The components to retain: those of the newest revision, of its rollback targets, of the revisions of sessions in
/// the ledger, and of revisions superseded after `since`: a session that is being created from one of these may not
/// be in the ledger yet.
pub fn named(
    revisions: &[Revision],
    of_sessions: &[u32],
    since: DateTime<Utc>,
) -> BTreeSet<String> {
    let next = revisions.iter().skip(1).map(Some).chain([None]);
    let mut named: BTreeSet<String> = revisions
        .iter()
        .zip(next)
        .filter(|(revision, next)| {
            of_sessions.contains(&revision.revision)
                || next.is_some_and(|next| next.made_at >= since)
        })
        .map(|(revision, _)| revision)
        .flat_map(|revision| revision.active.values().cloned())
        .collect();
    if let Some(newest) = revisions.last() {
        for domain in newest.active.keys() {
            let versions = versions(revisions, domain);
            named.extend(versions.into_iter().rev().take(1 + ROLLBACKS));
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revisions(of: &[(Cause, &str)]) -> Vec<Revision> {
        (1..)
            .zip(of)
            .map(|(revision, (cause, digest))| Revision {
                revision,
                cause: *cause,
                made_at: DateTime::UNIX_EPOCH,
                made_by: "somebody".to_owned(),
                active: BTreeMap::from([
                    ("lending".to_owned(), (*digest).to_owned()),
                    ("shelving".to_owned(), "s1".to_owned()),
                ]),
            })
            .collect()
    }

    #[test]
    fn rollback_leads_back_one_version_at_a_time() {
        use Cause::{Fill, Install, Rollback};
        let mut made = vec![(Fill, "a"), (Install, "b"), (Install, "c")];
        let lending = |made: &[(Cause, &str)]| versions(&revisions(made), "lending");
        assert_eq!(lending(&made), ["a", "b", "c"]);
        made.push((Rollback, "b"));
        assert_eq!(lending(&made), ["a", "b"]);
        made.push((Install, "c"));
        assert_eq!(lending(&made), ["a", "b", "c"]);
        // The same component again is no version of its own; an older one, installed again, is.
        made.push((Install, "c"));
        made.push((Install, "a"));
        assert_eq!(lending(&made), ["a", "b", "c", "a"]);
        // A release that was given as a whole begins anew.
        made.push((Fill, "g"));
        assert_eq!(lending(&made), ["g"]);
        assert_eq!(versions(&revisions(&made), "shelving"), ["s1"]);
        assert!(versions(&revisions(&made), "music").is_empty());
    }

    #[test]
    fn retains_active_rollback_and_session_versions() {
        use Cause::{Fill, Install};
        let made = [
            (Fill, "a"),
            (Install, "b"),
            (Install, "c"),
            (Install, "d"),
            (Install, "e"),
            (Install, "f"),
        ];
        let later = DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(1);
        let named = |of_sessions: &[u32], since| {
            let named = super::named(&revisions(&made), of_sessions, since);
            named.into_iter().collect::<Vec<_>>().join("")
        };
        assert_eq!(named(&[], later), "cdefs1");
        assert_eq!(named(&[1, 6], later), "acdefs1");
        assert_eq!(named(&[], DateTime::UNIX_EPOCH), "abcdefs1");
        assert_eq!(super::named(&[], &[0], later), BTreeSet::new());
    }
}
