//! An outlet by itself: its own tenant's record is cloned again, which is what the product calls
//! creating a child.

use uuid::Uuid;

use super::{CloneDomain, SessionError, Sessions, read};
use levain_model::fault::Fault;
use levain_model::{DomainOutcome, Session, Tenant};

/// The domain of tenants, which every catalog has.
const TENANTS: &str = "tenant";

/// The outlet of a session to clone again, and what the caller expects of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloneChild {
    /// The session.
    pub session_id: String,
    /// The virtual tenant of the group's head.
    pub parent_tenant_id: Uuid,
    /// The tenant that the outlet's fixtures were written for.
    pub base_tenant_id: Uuid,
    /// The outlet's virtual tenant.
    pub virtual_tenant_id: Uuid,
}

impl Sessions {
    /// Clones the tenant domain of an outlet of an open session again, under all checks of
    /// [`Sessions::clone_domain`].
    ///
    /// # Errors
    /// As [`Sessions::clone_domain`]; [`SessionError::NotFound`] for a tenant that is no outlet of the
    /// session.
    pub async fn clone_child(&self, asked: CloneChild) -> Result<DomainOutcome, SessionError> {
        let session = self.find(&asked.session_id).await?;
        read::open(&session)?;
        let mut outlets = session
            .tenants
            .iter()
            .filter(|tenant| tenant.outlet.is_some());
        let outlet = outlets
            .find(|tenant| tenant.tenant_id == asked.virtual_tenant_id)
            .ok_or(SessionError::NotFound { what: "tenant" })?;
        contradictions(&asked, &session, outlet)?;
        self.clone_domain(CloneDomain {
            domain: TENANTS.to_owned(),
            base_tenant_id: asked.base_tenant_id,
            virtual_tenant_id: asked.virtual_tenant_id,
            account: session.account.clone(),
            session_created_at: session.session_created_at,
            session_id: asked.session_id,
        })
        .await
    }
}

/// # Errors
/// [`SessionError::Invalid`] with every field that is not the outlet's.
fn contradictions(
    asked: &CloneChild,
    session: &Session,
    outlet: &Tenant,
) -> Result<(), SessionError> {
    let head = session.root().map(|head| head.tenant_id);
    let faults: Vec<Fault> = [
        ("parent_tenant_id", asked.parent_tenant_id, head),
        (
            "base_tenant_id",
            asked.base_tenant_id,
            Some(outlet.base_tenant_id),
        ),
    ]
    .into_iter()
    .filter_map(|(field, asked, is)| {
        let is = is.filter(|is| *is != asked)?;
        let message = format!("the outlet has {is}, not {asked}");
        Some(Fault::new("body", format!("/{field}"), "session", message))
    })
    .collect();
    match faults.is_empty() {
        true => Ok(()),
        false => Err(SessionError::Invalid { faults }),
    }
}
