//! What is asked of the plugins.

use crate::http::extract::{Fields, JsonObject, QueryPairs};
use crate::http::problem::Problem;
use crate::sessions::Seed;

/// Who asks, where they do not say.
const SOMEBODY: &str = "administrator";

/// The longest name.
const LONGEST_NAME: usize = 100;

/// How the plugins are to be changed.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::http) struct ChangeParams {
    /// Who asks for it, as they call themselves.
    pub(in crate::http) by: String,
    /// Whether it is only told what would change.
    pub(in crate::http) dry_run: bool,
    /// What the proof draws from, where one is to be repeated.
    pub(in crate::http) seed: Option<Seed>,
}

impl ChangeParams {
    /// Reads a query; one that asks for a rollback has no dry run.
    ///
    /// # Errors
    /// 400 with every fault.
    pub(in crate::http) fn read(query: QueryPairs, dry: bool) -> Result<Self, Problem> {
        let mut fields = Fields::from(query);
        let by = fields.optional("by", |text| {
            let plain = !text.is_empty()
                && text.chars().count() <= LONGEST_NAME
                && !text.chars().any(char::is_control);
            match plain {
                true => Ok(text.to_owned()),
                false => Err(format!("must be a name of 1 to {LONGEST_NAME} characters")),
            }
        });
        let dry_run = match dry {
            true => fields.optional("dry_run", |text| {
                text.parse().map_err(|_| "must be true or false".to_owned())
            }),
            false => None,
        };
        let seed = match dry {
            true => fields.optional("seed", str::parse),
            false => None,
        };
        fields.finish()?;
        Ok(Self {
            by: by.unwrap_or_else(|| SOMEBODY.to_owned()),
            dry_run: dry_run.unwrap_or(false),
            seed,
        })
    }
}

/// Several domains: `{"domains": ["<domain>"]}`.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::http) struct RollbackParams {
    /// In the order of the body.
    pub(in crate::http) domains: Vec<String>,
}

impl RollbackParams {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 with every fault.
    pub(in crate::http) fn read(body: JsonObject) -> Result<Self, Problem> {
        let mut fields = Fields::from(body);
        let domains = fields.required_value("domains", |value| {
            let names = value.as_array().map(|names| {
                let names = names.iter().map(|name| name.as_str().map(str::to_owned));
                names.collect::<Option<Vec<String>>>()
            });
            names
                .flatten()
                .ok_or_else(|| "must be a list of domains".to_owned())
        });
        fields.finish()?;
        Ok(Self {
            domains: domains.unwrap_or_default(),
        })
    }
}
