//! Why a text is no time.

/// A text that is neither an instant, nor a day, nor a marker. Every case says what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not an RFC 3339 instant in UTC.
    #[error(
        "`{0}` is not an instant: expected YYYY-MM-DDTHH:MM:SSZ (UTC, at most six fraction digits)"
    )]
    Instant(String),
    /// Not a calendar day.
    #[error("`{0}` is not a day: expected YYYY-MM-DD")]
    Day(String),
    /// The right form, but a month, day or time that does not exist.
    #[error("`{0}` does not exist in the calendar")]
    NotInCalendar(String),
    /// `BASE_TS` with something other than a signed offset after it.
    #[error(
        "`{0}` is not a marker: expected `BASE_TS`, or `BASE_TS`, `+` or `-`, and an offset such as 1h30m"
    )]
    Marker(String),
    /// A sign without an offset.
    #[error("marker `{0}` has no offset after its sign: expected one such as 1h30m")]
    NoOffset(String),
    /// A part of the offset that does not begin with a number.
    #[error("marker `{marker}`: expected a number at `{rest}`")]
    NoNumber {
        /// The whole marker.
        marker: String,
        /// From the fault on.
        rest: String,
    },
    /// A number of the offset without a unit that exists.
    #[error("marker `{marker}`: `{unit}` is not a unit, use w, d, h, m or s")]
    Unit {
        /// The whole marker.
        marker: String,
        /// What stands in the unit's place; empty at the end of the text.
        unit: String,
    },
    /// An offset that microseconds cannot express.
    #[error("marker `{0}` is finer than a microsecond")]
    TooFine(String),
    /// An offset of more than a hundred years, which no demo means.
    #[error("marker `{0}` reaches further than a hundred years")]
    TooFar(String),
}
