//! Going back: at once, to what served before, which was proven then.

use std::collections::BTreeMap;

use super::Revisions;
use super::error::RevisionError;
use super::install::Change;
use levain_model::{Cause, versions};

/// Domains that are to be served by the version before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// The domains.
    pub domains: Vec<String>,
    /// Who asks for it, as they call themselves.
    pub by: String,
}

impl Revisions {
    /// Activates the previous version of each domain, all of them as one revision; returns its number.
    /// Nothing is compiled or proven. Called again, it goes back one version more.
    ///
    /// # Errors
    /// [`RevisionError`]; then nothing has changed.
    pub async fn roll_back(&self, asked: Rollback) -> Result<u32, RevisionError> {
        self.go_back(asked, None).await
    }

    /// The same, of this revision and no later one where it is named.
    pub(super) async fn go_back(
        &self,
        asked: Rollback,
        from: Option<u32>,
    ) -> Result<u32, RevisionError> {
        if asked.domains.is_empty() {
            return Err(RevisionError::Misuse {
                reason: "no domain was given".to_owned(),
            });
        }
        let plugins = &self.sessions.parts().plugins;
        let history = plugins.history().await?;
        let before = history.last().map_or(0, |newest| newest.revision);
        if from.is_some_and(|from| from != before) {
            return Err(RevisionError::Changed { revision: before });
        }
        let mut active = BTreeMap::new();
        for name in asked.domains {
            let declared = self.served_domain(&name)?;
            let domain = declared.slug.clone();
            let versions = versions(&history, &domain);
            let nothing = || RevisionError::NothingBefore {
                domain: domain.clone(),
            };
            let place = versions.len().checked_sub(2).ok_or_else(nothing)?;
            let digest = versions.get(place).ok_or_else(nothing)?.clone();
            // A version that this host cannot admit is refused before it is activated.
            match plugins.version(declared, &digest).await? {
                None => return Err(nothing()),
                Some(Err(refusal)) => return Err(RevisionError::Refused { domain, refusal }),
                Some(Ok(_)) => active.insert(domain, digest),
            };
        }
        self.change(Change {
            cause: Cause::Rollback,
            by: asked.by,
            before,
            active,
            plugins: Vec::new(),
            components: Vec::new(),
        })
        .await
    }
}
