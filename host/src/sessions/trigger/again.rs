//! Runs one trigger again, on the stored records.

use std::sync::Arc;

use uuid::Uuid;

use super::phases::run_phases;
use super::plan::{obstacle, rows_mut};
use super::readers::readers;
use crate::sessions::progress::Progress;
use crate::sessions::{SessionError, Sessions, read};
use levain_catalog::Trigger;
use levain_model::{TriggerOutcome, TriggerStatus};
use levain_store::Replaced;

/// Which trigger is to run again, and for which tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallTrigger {
    /// The domain whose plugin has the trigger.
    pub domain: String,
    /// Its path within the domain's service.
    pub path: String,
    /// The virtual tenant.
    pub tenant_id: Uuid,
}

impl Sessions {
    /// Runs a trigger of an open session again, also one that is switched off; what it makes replaces
    /// what it had made for the tenant, and what reads that is computed again. All of it is written in
    /// one transaction.
    ///
    /// # Errors
    /// [`SessionError::UnknownDomain`], [`SessionError::UnknownTrigger`], [`SessionError::NotFound`],
    /// [`SessionError::Gone`], [`SessionError::NotOpen`]; [`SessionError::NotCloned`] where the domain
    /// takes no part; [`SessionError::TriggerSkipped`] where something that it reads is not there, and
    /// [`SessionError::TriggerFailed`] where it failed: then all is as it was.
    pub async fn run_trigger(&self, asked: CallTrigger) -> Result<TriggerOutcome, SessionError> {
        let sessions = self.clone();
        self.tracked(async move { sessions.run_again(asked).await })
            .await
    }

    async fn run_again(&self, asked: CallTrigger) -> Result<TriggerOutcome, SessionError> {
        let parts = &self.inner.parts;
        let trigger = self.known_trigger(&asked)?;
        let owner = self.session_of_tenant(asked.tenant_id).await?;
        let _place = self.inner.admission.enter().await?;
        let _turn = self.inner.turns.take(&owner.session_id).await;
        let deadline = parts.repo.deadline(parts.policy.lease).await?;
        let mut session = self.session_of_tenant(asked.tenant_id).await?;
        read::open(&session)?;
        let triggers = parts.catalog.triggers();
        let affected = readers(
            triggers,
            &session.tenants,
            asked.tenant_id,
            &trigger.writes.domain,
        )
        .with(asked.tenant_id, &trigger.slug);
        affected.reset(&mut session.tenants);
        let tenant = session
            .tenants
            .iter()
            .find(|tenant| tenant.tenant_id == asked.tenant_id)
            .ok_or(SessionError::NotFound { what: "tenant" })?;
        if !tenant
            .triggers
            .iter()
            .any(|row| row.trigger == trigger.slug)
        {
            return Err(SessionError::NotCloned {
                domain: trigger.domain.clone(),
                why: "it takes no part in this tenant",
            });
        }
        if let Some(reason) = obstacle(triggers, &session.tenants, tenant, &trigger.slug) {
            return Err(SessionError::TriggerSkipped {
                trigger: trigger.slug.clone(),
                reason,
            });
        }

        let stored = self.stored(&session, None).await?;
        let replaced = affected.parts(triggers);
        let kept = stored.products_but(&replaced);
        let progress = Arc::new(Progress::new(session.tenants.clone()).under(parts.policy.lease));
        let made = run_phases(
            &self.inner,
            &self.plugins_of(&session).await?,
            &session,
            &progress,
            &Arc::new(stored.tenants),
            &kept,
        )
        .await;
        session.tenants = progress.snapshot();
        let row = rows_mut(&mut session.tenants, asked.tenant_id, &trigger.slug)
            .next()
            .cloned()
            .ok_or(SessionError::NotFound { what: "tenant" })?;
        if let (TriggerStatus::Failed, Some(error)) = (row.status, &row.error) {
            return Err(SessionError::TriggerFailed {
                trigger: trigger.slug.clone(),
                error: Box::new(error.clone()),
            });
        }
        let replaced = Replaced::Parts(&replaced);
        let receipt = self.seal_after(&session, replaced, &made).await?;
        let kept = parts
            .repo
            .replace_data(&session, deadline, replaced, &made, receipt.as_deref())
            .await?;
        match kept {
            true => Ok(row),
            false => Err(self.why_not_kept(&session.session_id).await),
        }
    }

    fn known_trigger(&self, asked: &CallTrigger) -> Result<&Trigger, SessionError> {
        let domain = self.known_domain(&asked.domain)?;
        let of_domain = || {
            let triggers = self.inner.parts.catalog.triggers().iter();
            triggers.filter(|trigger| trigger.domain == domain.slug)
        };
        of_domain()
            .find(|trigger| trigger.path.as_deref() == Some(&asked.path))
            .ok_or_else(|| SessionError::UnknownTrigger {
                domain: domain.slug.clone(),
                asked: asked.path.clone(),
                known: of_domain()
                    .filter_map(|trigger| trigger.path.clone())
                    .collect(),
            })
    }
}
