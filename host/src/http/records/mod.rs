//! Selects records out of segments: filters, and pages that a cursor leads through.

mod allowed;
mod cursor;
mod filter;
mod page;
mod picked;
mod session_cursor;

pub(super) use allowed::impossible;
pub(super) use cursor::{Cursor, digest_of};
pub(super) use filter::Filter;
pub(super) use page::{Page, select};
pub(super) use session_cursor::SessionCursor;
