//! `levain session show`, and how every command tells of one session.

use clap::Args;
use ureq::http::Method;

use super::made::Made;
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
    let answer = arguments
        .host
        .client()
        .call(Call::new(Method::GET, &path))?;
    let session: Session = answer.read()?;
    if arguments.host.json {
        output.data(answer.text.trim_end());
        return Ok(ending(&session));
    }
    let key = arguments.key.key()?;
    tell(&session, &arguments.host, key.as_ref(), output)
}

/// Prints a session with what was raised in it, where that can be read, and says what went wrong.
///
/// # Errors
/// Where what was raised cannot be read. The session is printed all the same: its token may be told
/// this once.
pub(super) fn tell(
    session: &Session,
    host: &HostArguments,
    key: Option<&Secret>,
    output: &Output,
) -> Result<Ending, Failure> {
    let made = Made::read(session, host, key);
    output.data(&table::render(
        session,
        made.as_ref().ok().and_then(Option::as_ref),
    ));
    let ending = ending(session);
    for failure in table::failures(session) {
        match ending {
            Ending::Well => output.warning(&failure),
            Ending::Problem => output.error(&failure),
        }
    }
    made?;
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
