//! What can be demonstrated.

use axum::Json;
use axum::extract::State;

use crate::http::HttpState;
use crate::http::view::{AccountView, AccountsView};

/// List the account types
///
/// What a session can be made of.
#[utoipa::path(
    get,
    path = "/api/demo/accounts",
    tag = "sessions",
    responses((status = 200, description = "The account types, in the order of the catalog.", body = AccountsView)),
)]
pub(super) async fn list_accounts(State(state): State<HttpState>) -> Json<AccountsView> {
    let catalog = state.sessions.catalog();
    let domains = || catalog.domains().iter().map(|domain| domain.slug.as_str());
    let accounts = catalog
        .accounts()
        .map(|account| AccountView::new(account, domains()));
    Json(AccountsView {
        accounts: accounts.collect(),
    })
}
