//! JSON out: what callers see, apart from what is stored.

mod account;
mod counts;
mod deletion;
mod ordered;
mod plugin;
mod product;
mod receipt;
mod records;
mod service;
mod session;
mod status;
mod trigger;

pub use account::{AccountView, AccountsView};
pub use counts::{Counts, total};
pub use deletion::{DeletionView, DomainCloneView, DomainDeletionView};
pub use ordered::Ordered;
pub use plugin::{ComponentsView, InstallationView, PluginView, PluginsView, RollbackView};
pub use product::{AlertsView, InsightsView, KpiView, KpisView};
pub(super) use receipt::{ReceiptKeyView, SealedReceiptView, VerificationView};
pub use records::RecordsView;
pub use service::{TenantServices, tenant_services};
pub use session::{SessionView, SessionsView};
pub use status::StatusView;
pub use trigger::{TenantTriggers, TriggerRunView, tenant_triggers};
