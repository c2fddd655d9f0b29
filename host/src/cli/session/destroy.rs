//! `levain session delete`: repeatable, as the API's is.

use clap::Args;
use serde::Deserialize;
use ureq::http::Method;

use crate::cli::client::{Call, session_path};
use crate::cli::ending::Ending;
use crate::cli::failure::Failure;
use crate::cli::host::HostArguments;
use crate::cli::output::Output;
use crate::cli::text::{duration, grouped};

#[derive(Debug, Args)]
pub(in crate::cli) struct DeleteArguments {
    /// The session's id
    id: String,
    #[command(flatten)]
    host: HostArguments,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Deleted {
    session_id: String,
    status: String,
    records_deleted: u64,
    duration_ms: f64,
}

/// Deletes a session.
pub(super) fn run(arguments: &DeleteArguments, output: &Output) -> Result<Ending, Failure> {
    let path = session_path(&arguments.id)?;
    let response = arguments
        .host
        .client()
        .call(Call::new(Method::DELETE, &path))?;
    if arguments.host.json {
        output.data(response.text.trim_end());
        return Ok(Ending::Well);
    }
    let deleted: Deleted = response.read()?;
    output.data(&format!(
        "{} {}: {} records deleted in {}",
        deleted.session_id,
        deleted.status,
        grouped(deleted.records_deleted),
        duration(deleted.duration_ms)
    ));
    Ok(Ending::Well)
}
