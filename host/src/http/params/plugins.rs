//! Parameters of a change of the plugins.

use utoipa::{IntoParams, ToSchema};

use crate::http::extract::{Fields, JsonObject, QueryPairs};
use crate::http::problem::Problem;
use crate::revisions::Seed;

/// The name of a caller that gives none.
const SOMEBODY: &str = "administrator";

/// Characters of a name.
const LONGEST_NAME: usize = 100;

/// How plugins are installed.
#[derive(Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct InstallParams {
    /// Who asks for it
    #[param(value_type = Option<String>, required = false)]
    pub(in crate::http) by: String,
    /// Whether it is only told what would change
    #[param(value_type = Option<bool>, required = false)]
    pub(in crate::http) dry_run: bool,
    /// The seed of a proof that is to be repeated: the same instants, tenants and session names
    #[param(value_type = Option<String>)]
    pub(in crate::http) seed: Option<Seed>,
}

impl InstallParams {
    /// Reads a query.
    ///
    /// # Errors
    /// 400 with every fault.
    pub(in crate::http) fn read(query: QueryPairs) -> Result<Self, Problem> {
        let mut fields = Fields::from(query);
        let by = fields.optional("by", read_name);
        let dry_run = fields.optional("dry_run", |text| {
            text.parse().map_err(|_| "must be true or false".to_owned())
        });
        let seed = fields.optional("seed", str::parse);
        fields.finish()?;
        Ok(Self {
            by: by.unwrap_or_else(|| SOMEBODY.to_owned()),
            dry_run: dry_run.unwrap_or(false),
            seed,
        })
    }
}

/// Who rolls plugins back.
#[derive(Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct CallerParams {
    /// Who asks for it
    #[param(value_type = Option<String>, required = false)]
    pub(in crate::http) by: String,
}

impl CallerParams {
    /// Reads a query.
    ///
    /// # Errors
    /// 400 with every fault.
    pub(in crate::http) fn read(query: QueryPairs) -> Result<Self, Problem> {
        let mut fields = Fields::from(query);
        let by = fields.optional("by", read_name);
        fields.finish()?;
        Ok(Self {
            by: by.unwrap_or_else(|| SOMEBODY.to_owned()),
        })
    }
}

fn read_name(text: &str) -> Result<String, String> {
    let is_plain = !text.is_empty()
        && text.chars().count() <= LONGEST_NAME
        && !text.chars().any(char::is_control);
    match is_plain {
        true => Ok(text.to_owned()),
        false => Err(format!("must be a name of 1 to {LONGEST_NAME} characters")),
    }
}

/// Several domains.
#[derive(Debug, PartialEq, Eq, ToSchema)]
#[schema(as = Domains)]
pub(in crate::http) struct RollbackParams {
    /// Their slugs.
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
