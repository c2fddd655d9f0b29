//! Quality: what is checked, and what was found.

use levain_plugin::{Field, Record};
use serde::Deserialize;

/// What a kind of check measures, and its limits.
#[derive(Debug, Deserialize)]
pub struct QualityCheckTemplate {}

impl Record for QualityCheckTemplate {
    const ENTITY: &'static str = "quality_check_template";
    const FIELDS: &'static [Field<Self>] = &[Field::shifted("created_at")];
}

/// One check of one batch.
#[derive(Debug, Deserialize)]
pub struct QualityCheck {}

impl Record for QualityCheck {
    const ENTITY: &'static str = "quality_check";
    const FIELDS: &'static [Field<Self>] = &[
        Field::id("batch_id"),
        Field::id("template_id"),
        Field::id("checked_by"),
        Field::shifted("check_time"),
    ];
}
