//! `levain verify`: checks the sessions of a running host (domain specification, section 7). It uses the API like
//! any caller, and reads in the database what deletions leave.

mod arguments;
mod course;
mod creation;
mod database;
mod interrupt;
mod judge;
mod observation;
mod percentile;
mod progress;
mod report;
mod requirement;
mod responses;
mod trial;

use std::sync::Mutex;

pub(super) use self::arguments::VerifyArguments;
use self::course::Course;
use self::database::Database;
use self::interrupt::Interrupt;
use self::report::Report;
use super::client::Client;
use super::ending::Ending;
use super::failure::Failure;
use super::output::Output;
use crate::app;
use crate::clock::{Clock as _, SystemClock};
use levain_catalog::{Account, Catalog};

/// Verifies every account; a requirement that is not met is a problem found.
pub(super) fn run(arguments: &VerifyArguments, output: &Output) -> Result<Ending, Failure> {
    let catalog = app::load_catalog(&arguments.catalog)?;
    let accounts = accounts(arguments, &catalog)?;
    let key = arguments.key.key()?.ok_or_else(|| {
        Failure::from(anyhow::anyhow!("the internal key is needed"))
            .with_hint("levain verify --data-dir DIR reads the host's key")
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let interrupt = Interrupt::watch(&runtime);
    let database = Database::find(arguments, runtime.handle())?;
    if database.is_none() && !arguments.without_database && !arguments.keep {
        output.warning("without the database, what a deletion leaves is not looked at");
        output.hint(
            "levain verify --database-url URL, or --data-dir DIR where it is a file in there",
        );
    }
    let client = Client::new(&arguments.url);
    let instant = arguments
        .session_created_at
        .unwrap_or_else(|| SystemClock.now());
    let mut report = Report::new(arguments, instant);
    for account in accounts {
        let course = Course {
            client: &client,
            key: &key,
            catalog: &catalog,
            account,
            instant,
            database: database.as_ref(),
            keep: arguments.keep,
            sessions: arguments.sessions,
            concurrency: arguments.concurrency,
            interrupt: &interrupt,
            output: *output,
            remaining: Mutex::default(),
        };
        let seen = course.run()?;
        let judged = judge::judge(account, &seen, database.as_ref(), arguments);
        judged.print_details(output);
        report.add(judged);
    }
    output.data(&match arguments.json {
        true => serde_json::to_string_pretty(&report)?,
        false => report.table(),
    });
    Ok(match report.passed {
        true => Ending::Well,
        false => Ending::Problem,
    })
}

/// The accounts that were asked for, in the order of the catalog.
fn accounts<'c>(
    arguments: &VerifyArguments,
    catalog: &'c Catalog,
) -> Result<Vec<&'c Account>, Failure> {
    let known: Vec<&str> = catalog
        .accounts()
        .map(|account| account.slug.as_str())
        .collect();
    if let Some(asked) = arguments
        .accounts
        .iter()
        .find(|asked| !known.contains(&asked.as_str()))
    {
        let refusal = anyhow::anyhow!("there is no account `{asked}` in the catalog");
        return Err(Failure::from(refusal).with_hint(format!("there are {}", known.join(", "))));
    }
    let asked = |account: &&Account| {
        arguments.accounts.is_empty() || arguments.accounts.contains(&account.slug)
    };
    Ok(catalog.accounts().filter(asked).collect())
}
