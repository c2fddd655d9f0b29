//! JSON and queries in: what callers may say, read strictly.

mod child;
mod clone;
mod components;
mod exists;
mod export;
mod figures;
mod listing;
mod plugins;
mod session;
mod session_list;
mod trigger;

pub(super) use child::ChildParams;
pub(super) use clone::CloneParams;
pub(super) use components::read_components;
pub(super) use exists::ExistsParams;
pub(super) use export::ExportForm;
pub(super) use figures::FiguresParams;
pub(super) use listing::ListingParams;
pub(super) use plugins::{CallerParams, InstallParams, RollbackParams};
pub(super) use session::NewSessionParams;
pub(super) use session_list::SessionListParams;
pub(super) use trigger::TriggerParams;
