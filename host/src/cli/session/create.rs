//! `levain session create`: shows progress on a terminal, and waits for the response elsewhere.

use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use ureq::http::Method;

use super::show;
use super::view::{Progress, Session};
use crate::cli::client::{Call, Client, Response, session_path};
use crate::cli::ending::Ending;
use crate::cli::failure::Failure;
use crate::cli::host::{HostArguments, KeyArguments};
use crate::cli::output::Output;
use crate::cli::problem::Problem;

/// The time between two requests for the status.
const INTERVAL: Duration = Duration::from_millis(50);

/// The longest time that a creation is watched.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug, Args)]
pub(in crate::cli) struct CreateArguments {
    /// The account type, as `GET /api/demo/accounts` lists them
    account: String,
    /// The data clock (RFC 3339), to reproduce a session; needs the internal key
    #[arg(long, value_name = "INSTANT")]
    session_created_at: Option<String>,
    /// The virtual tenant, to reproduce a session; needs the internal key
    #[arg(long, value_name = "UUID")]
    virtual_tenant_id: Option<String>,
    #[command(flatten)]
    key: KeyArguments,
    #[command(flatten)]
    host: HostArguments,
}

/// Creates a session; one that fails is a problem found.
pub(super) fn run(arguments: &CreateArguments, output: &Output) -> Result<Ending, Failure> {
    let client = arguments.host.client();
    let watched = output.is_watched() && !arguments.host.json;
    let key = arguments.key.key()?;
    let response = client
        .call(Call {
            key: key.as_ref(),
            respond_async: watched,
            body: Some(body(arguments)),
            ..Call::new(Method::POST, "/api/demo/sessions")
        })
        .map_err(|failure| hint(failure, &arguments.host))?;
    if arguments.host.json {
        output.data(response.text.trim_end());
        return Ok(show::ending(&response.read()?));
    }
    let mut session: Session = response.read()?;
    if response.status == 202 {
        let token = session
            .credentials
            .take()
            .and_then(|credentials| credentials.access_token);
        session = watch(&client, &arguments.host, &session.session_id)?.read()?;
        // Only the response to the creation has the token.
        if let Some(credentials) = &mut session.credentials {
            credentials.access_token = token;
        }
    }
    show::print(&session, &arguments.host, key.as_ref(), output)
}

fn body(arguments: &CreateArguments) -> Value {
    let mut body = json!({ "demo_account_type": arguments.account });
    let optional = [
        ("session_created_at", &arguments.session_created_at),
        ("virtual_tenant_id", &arguments.virtual_tenant_id),
    ];
    if let Value::Object(fields) = &mut body {
        for (name, value) in optional {
            if let Some(value) = value {
                fields.insert(name.to_owned(), json!(value));
            }
        }
    }
    body
}

/// A failed creation leaves a session that can be read; a refused one may lack the key.
fn hint(failure: Failure, host: &HostArguments) -> Failure {
    let Some(problem) = failure.cause::<Problem>() else {
        return failure;
    };
    match (&problem.session_id, problem.status) {
        (Some(id), _) => {
            let command = host.command("show", id);
            failure.with_hint(command)
        }
        (None, 401 | 403) => {
            failure.with_hint("levain session create ACCOUNT --data-dir DIR reads the host's key")
        }
        (None, _) => failure,
    }
}

/// Polls the status until cloning ends, then returns the session.
fn watch(client: &Client, host: &HostArguments, id: &str) -> Result<Response, Failure> {
    let path = session_path(id)?;
    let status_path = format!("{path}/status");
    let bar = bar();
    let begun = Instant::now();
    loop {
        let response: Value = client.call(Call::new(Method::GET, &status_path))?.read()?;
        let progress = Progress::of(&response);
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        if progress.status != "CLONING" {
            bar.finish_and_clear();
            return client.call(Call::new(Method::GET, &path));
        }
        if begun.elapsed() > PATIENCE {
            bar.finish_and_clear();
            return Err(Failure::from(anyhow::anyhow!(
                "the session is still being cloned after {} s",
                PATIENCE.as_secs()
            ))
            .with_hint(host.command("show", id)));
        }
        std::thread::sleep(INTERVAL);
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    // An invalid template only changes the style of the bar.
    if let Ok(style) = ProgressStyle::with_template("cloning {bar:30} {pos}/{len} steps {elapsed}")
    {
        bar.set_style(style);
    }
    bar
}
