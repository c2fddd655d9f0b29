//! `levain session list`.

use clap::Args;
use serde::Deserialize;
use ureq::http::Method;

use super::view::Session;
use crate::cli::client::Call;
use crate::cli::ending::Ending;
use crate::cli::failure::Failure;
use crate::cli::host::{HostArguments, KeyArguments};
use crate::cli::output::Output;
use crate::cli::problem::Problem;
use crate::cli::text::{Column, Grid, grouped};

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArguments {
    #[command(flatten)]
    key: KeyArguments,
    #[command(flatten)]
    host: HostArguments,
}

/// The list, alone or within an object.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Sessions {
    Alone(Vec<Session>),
    Within {
        #[serde(alias = "items")]
        sessions: Vec<Session>,
        next_cursor: Option<String>,
    },
}

impl Sessions {
    /// The sessions, and whether there are older ones.
    fn read(self) -> (Vec<Session>, bool) {
        match self {
            Self::Alone(sessions) => (sessions, false),
            Self::Within {
                sessions,
                next_cursor,
            } => (sessions, next_cursor.is_some()),
        }
    }
}

/// Lists sessions.
pub(super) fn run(arguments: &ListArguments, output: &Output) -> Result<Ending, Failure> {
    let key = arguments.key.key()?;
    let call = Call::new(Method::GET, "/api/demo/sessions").with_key(key.as_ref());
    let response = arguments.host.client().call(call).map_err(hint)?;
    if arguments.host.json {
        output.data(response.text.trim_end());
        return Ok(Ending::Well);
    }
    let (sessions, more) = response.read::<Sessions>()?.read();
    if sessions.is_empty() {
        output.say("no sessions yet");
        output.hint("levain session create ACCOUNT");
        return Ok(Ending::Well);
    }
    output.data(&grid(&sessions).to_string());
    if more {
        output.say(&format!(
            "these are the newest {}; there are older ones",
            sessions.len()
        ));
    }
    Ok(Ending::Well)
}

fn hint(failure: Failure) -> Failure {
    match failure.cause::<Problem>() {
        Some(problem) if matches!(problem.status, 401 | 403) => {
            failure.with_hint("levain session list --data-dir DIR reads the host's key")
        }
        _ => failure,
    }
}

fn grid(sessions: &[Session]) -> Grid {
    let mut grid = Grid::new(&[
        Column::Left("session"),
        Column::Left("account"),
        Column::Left("status"),
        Column::Left("created"),
        Column::Left("expires"),
        Column::Right("records"),
    ]);
    for session in sessions {
        grid.line(vec![
            session.session_id.clone(),
            session.demo_account_type.clone(),
            session.status.clone(),
            session.created_at.clone().unwrap_or_default(),
            session.expires_at.clone().unwrap_or_default(),
            grouped(session.records()),
        ]);
    }
    grid
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn list_is_read_bare_or_wrapped() {
        for (text, older) in [
            (r#"[{"session_id":"demo_1"}]"#, false),
            (r#"{"sessions":[{"session_id":"demo_1"}]}"#, false),
            (
                r#"{"sessions":[{"session_id":"demo_1"}],"next_cursor":"x"}"#,
                true,
            ),
        ] {
            let (sessions, more) = serde_json::from_str::<Sessions>(text).unwrap().read();
            assert_eq!(more, older);
            assert!(grid(&sessions).to_string().contains("demo_1"));
        }
    }
}
