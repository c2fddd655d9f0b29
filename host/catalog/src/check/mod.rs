//! Checks what a plugin returned: every record of every segment, in one parse, with no shortcut for
//! an output seen before.

mod clone;
mod ids;
mod product;
mod segment;
mod session;

pub(super) use clone::check as check_clone;
pub(super) use product::check as check_product;
pub(super) use session::check as check_session;

use super::json::{self, Json};
use levain_model::fault::shortened;

/// The most bytes of a plugin's name for something that a fault repeats.
const NAME: usize = 80;

/// The records of a segment as they are stored and digested: without the white space between their
/// tokens.
fn kept(mut rows: String, parsed: json::Rows) -> String {
    if parsed.is_spaced {
        json::compact(&mut rows);
    }
    rows
}

/// A message that begins with the record's id, or its index if it has none.
fn named(record: &Json<'_>, index: usize, message: &str) -> String {
    match record.get("id").and_then(Json::as_text) {
        Some(id) => format!("record {}: {message}", shortened(id, NAME)),
        None => format!("record #{index}: {message}"),
    }
}
