//! `levain session show`, and how every command prints one session.

use clap::Args;
use ureq::http::Method;

use super::products::Products;
use super::table;
use super::view::Session;
use crate::cli::client::{Call, session_path};
use crate::cli::ending::Ending;
use crate::cli::failure::Failure;
use crate::cli::host::{HostArguments, KeyArguments};
use crate::cli::output::Output;
use levain_model::Secret;

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArguments {
    /// The session's id
    id: String,
    #[command(flatten)]
    key: KeyArguments,
    #[command(flatten)]
    host: HostArguments,
}

/// Shows a session; one that failed is a problem found.
pub(super) fn run(arguments: &ShowArguments, output: &Output) -> Result<Ending, Failure> {
    let path = session_path(&arguments.id)?;
    let response = arguments
        .host
        .client()
        .call(Call::new(Method::GET, &path))?;
    let session: Session = response.read()?;
    if arguments.host.json {
        output.data(response.text.trim_end());
        return Ok(ending(&session));
    }
    let key = arguments.key.key()?;
    print(&session, &arguments.host, key.as_ref(), output)
}

/// Prints a session with its alerts and KPIs, if they can be read, and its failures.
///
/// # Errors
/// If alerts and KPIs cannot be read. The session is printed anyway: its token may be shown only
/// this once.
pub(super) fn print(
    session: &Session,
    host: &HostArguments,
    key: Option<&Secret>,
    output: &Output,
) -> Result<Ending, Failure> {
    let products = Products::read(session, host, key);
    output.data(&table::render(
        session,
        products.as_ref().ok().and_then(Option::as_ref),
    ));
    let ending = ending(session);
    for failure in table::failures(session) {
        match ending {
            Ending::Well => output.warning(&failure),
            Ending::Problem => output.error(&failure),
        }
    }
    products?;
    if session.status == "READY" || session.status == "PARTIAL" {
        output.hint(&host.command("delete", &session.session_id));
    }
    Ok(ending)
}

/// A failed session is a problem; a partial one is usable.
pub(super) fn ending(session: &Session) -> Ending {
    if session.status == "FAILED" {
        Ending::Problem
    } else {
        Ending::Well
    }
}
