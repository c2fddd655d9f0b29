//! The SQL views of entities: what the store has to know to create them.

/// One SQL view: the records of one entity, of every tenant, as rows with typed columns.
///
/// The column `tenant_id` is always the segment's key and never taken out of a record, so that
/// `WHERE tenant_id = '...'` reaches the key of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewSpec {
    /// The view's name: `{domain}_{entity}`.
    pub name: String,
    pub domain: String,
    pub entity: String,
    /// The columns, in the schema's order.
    pub columns: Vec<Column>,
}

/// One column of an entity's SQL view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: ColumnKind,
    /// Whether it may be null, or absent from a record.
    pub nullable: bool,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text, ids among it.
    Text,
    Integer,
    Number,
    /// True or false; 0 or 1 in SQLite.
    Boolean,
    /// An array or an object, as JSON text.
    Json,
    /// An instant, RFC 3339 in UTC; text in SQLite, which sorts as itself.
    Timestamp,
    /// A day, `YYYY-MM-DD`; text in SQLite.
    Date,
}
