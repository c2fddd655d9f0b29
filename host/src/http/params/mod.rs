//! JSON and queries in: what callers may say, read strictly.

mod clone;
mod exists;
mod export;
mod listing;
mod session;

pub(super) use clone::CloneParams;
pub(super) use exists::ExistsParams;
pub(super) use export::ExportForm;
pub(super) use listing::{ListingParams, session_limit};
pub(super) use session::NewSessionParams;
