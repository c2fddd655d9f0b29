//! Selects records out of a segment: filters, and pages that a cursor leads through.

mod cursor;
mod filter;
mod page;

pub(super) use cursor::Cursor;
pub(super) use filter::Filter;
pub(super) use page::select;
