//! The watch after an activation: a proof cannot show everything, so the first sessions of a new revision are
//! watched, and too many that fail in a domain that it changed have it rolled back.
//!
//! Each host watches the sessions that it makes. What serves is changed by the registry's compare-and-set from the
//! watched revision to the next: however many hosts come to the same conclusion, it changes once, and never goes
//! back further than the versions before.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::DateTime;
use levain_model::{Cause, Session};
use levain_store::RepoError;

use super::Revisions;
use super::error::RevisionError;
use super::rollback::Rollback;
use super::trial::{Alarm, LONGEST_REASON, Watched};
use crate::notices::Notice;

impl Revisions {
    /// Has the sessions report their clones to the watch.
    pub(super) fn observe(&self) {
        let (watch, installing) = (Arc::clone(&self.watch), Arc::clone(&self.installing));
        // The sessions own the observer: it must not own them in turn.
        let sessions = self.sessions.downgrade();
        self.sessions.observe_clones(Box::new(move |session| {
            let Some(sessions) = sessions.upgrade() else {
                return;
            };
            if !watch.is_open(session.plugin_revision, sessions.now()) {
                return;
            }
            let revisions = Self {
                sessions: sessions.clone(),
                watch: Arc::clone(&watch),
                installing: Arc::clone(&installing),
            };
            let session = session.clone();
            sessions.spawn(async move { revisions.count(&session).await });
        }));
    }

    /// Counts a visitor's session whose clone ended.
    async fn count(&self, session: &Session) {
        let (policy, revision) = (self.watch.policy, session.plugin_revision);
        let watched = |held: &mut Option<Watched>| held.as_ref().map_or(0, |held| held.revision);
        if self.watch.change(watched) < revision {
            match self.watched(revision).await {
                Ok(new) => self.watch.change(|held| {
                    // Another session may have been faster.
                    if held.as_ref().is_none_or(|held| held.revision < revision) {
                        *held = Some(new);
                    }
                }),
                Err(error) => {
                    tracing::debug!(%error, revision, "a session of a revision was not watched");
                    return;
                }
            }
        }
        let now = self.sessions.now();
        let alarm = self.watch.change(|held| {
            let held = held.as_mut().filter(|held| held.revision == revision)?;
            held.count(session, policy, now)
        });
        if let Some(alarm) = alarm {
            self.roll_back_watched(revision, alarm).await;
        }
    }

    /// What there is to be watched of a revision: the domains that an installation gave another version. Its
    /// catalog's first ones have nothing before them to go back to.
    async fn watched(&self, revision: u32) -> Result<Watched, RepoError> {
        let repo = &self.sessions.parts().repo;
        let found = repo.find_revision(Some(revision)).await?;
        let before = repo.find_revision(Some(revision.saturating_sub(1))).await?;
        let mut watched = Watched {
            revision,
            domains: BTreeSet::new(),
            made_at: DateTime::UNIX_EPOCH,
            sessions: 0,
            failed: 0,
            acted: false,
            told: false,
        };
        if let (Some(found), Some(before)) = (found, before)
            && found.cause == Cause::Install
        {
            watched.made_at = found.made_at;
            let changed = found.active.into_iter().filter(|(domain, digest)| {
                let was = before.active.get(domain);
                was.is_some_and(|was| was != digest)
            });
            watched.domains = changed.map(|(domain, _)| domain).collect();
        }
        Ok(watched)
    }

    async fn roll_back_watched(&self, revision: u32, alarm: Alarm) {
        let Alarm {
            domains,
            failed,
            of,
            reason,
        } = alarm;
        let asked = Rollback {
            domains: domains.clone(),
            by: format!("levain serve, the watch of revision {revision}"),
        };
        let notices = &self.sessions.parts().notices;
        match self.go_back(asked, Some(revision)).await {
            Ok(serves) => notices.send(Notice::VersionsRolledBack {
                domains,
                revision,
                serves,
                failed,
                of,
                reason,
            }),
            Err(RevisionError::Changed { revision: serves }) => {
                tracing::info!(
                    revision,
                    serves,
                    "a revision that failed was replaced already"
                );
            }
            Err(error) => {
                // The next session that fails tries again; the notice is sent once.
                let told = self.watch.change(|held| {
                    let held = held.as_mut().filter(|held| held.revision == revision)?;
                    held.acted = false;
                    Some(std::mem::replace(&mut held.told, true))
                });
                if told == Some(false) {
                    let reason = error.to_string().chars().take(LONGEST_REASON).collect();
                    notices.send(Notice::RollbackFailed {
                        domains,
                        revision,
                        reason,
                    });
                }
            }
        }
    }
}
