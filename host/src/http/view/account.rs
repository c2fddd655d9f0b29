//! What can be demonstrated.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use levain_catalog::Account;

/// The account types that a session can be made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Accounts)]
pub struct AccountsView {
    /// The accounts, in the order of the catalog.
    pub accounts: Vec<AccountView>,
}

/// An account type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    /// Its name in requests.
    demo_account_type: String,
    /// The tenant's name.
    name: String,
    /// The e-mail address of the log-in.
    email: String,
    /// The tenant's subdomain.
    subdomain: String,
    /// The tenant that its fixtures were written for.
    base_tenant_id: Uuid,
    /// The tier.
    subscription_tier: String,
    /// What kind of tenant it is.
    tenant_type: String,
    /// The names of its outlets.
    outlets: Vec<String>,
    /// The domains that take part in it.
    domains: Vec<String>,
}

impl AccountView {
    /// An account and, of these domains, those that take part in it.
    #[must_use]
    pub fn new<'a>(account: &Account, domains: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            demo_account_type: account.slug.clone(),
            name: account.name.clone(),
            email: account.email.clone(),
            subdomain: account.subdomain.clone(),
            base_tenant_id: account.base_tenant_id,
            subscription_tier: account.subscription_tier.clone(),
            tenant_type: account.tenant_type.clone(),
            outlets: account
                .outlets
                .iter()
                .map(|outlet| outlet.name.clone())
                .collect(),
            domains: domains
                .into_iter()
                .filter(|slug| account.slices.contains_key(*slug))
                .map(str::to_owned)
                .collect(),
        }
    }
}
