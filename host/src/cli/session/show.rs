//! `levain session show`, and how every command tells of one session.

use clap::Args;
use ureq::http::Method;

use super::view::Session;
use super::{HostArguments, table};
use crate::cli::client::{Call, session_path};
use crate::cli::output::Output;
use crate::cli::{Ending, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArguments {
    /// The session's id
    id: String,
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
    Ok(tell(&session, &arguments.host, output))
}

/// Prints a session, and says what went wrong with it.
pub(super) fn tell(session: &Session, host: &HostArguments, output: &Output) -> Ending {
    output.data(&table::render(session));
    let ending = ending(session);
    for failure in table::failures(session) {
        match ending {
            Ending::Well => output.warning(&failure),
            Ending::Problem => output.error(&failure),
        }
    }
    if session.status == "READY" || session.status == "PARTIAL" {
        output.hint(&host.command("delete", &session.session_id));
    }
    ending
}

/// A failed session is a problem; a partial one is usable.
pub(super) fn ending(session: &Session) -> Ending {
    if session.status == "FAILED" {
        Ending::Problem
    } else {
        Ending::Well
    }
}
