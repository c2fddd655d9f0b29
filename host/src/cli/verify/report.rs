//! The report on all accounts: a table for people, JSON for machines.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::arguments::VerifyArguments;
use super::requirement::Requirement;
use crate::cli::output::Output;
use crate::cli::text::{Column, Grid};

#[derive(Debug, Serialize)]
pub(super) struct Report {
    url: String,
    /// The data clock of all sessions; it reproduces the verification.
    session_created_at: DateTime<Utc>,
    sessions: u32,
    concurrency: u32,
    accounts: Vec<Judged>,
    /// Whether every requirement of every account is met, or was waived.
    pub(super) passed: bool,
}

/// The requirements of one account, with their verdicts.
#[derive(Debug, Serialize)]
pub(super) struct Judged {
    pub(super) account: String,
    pub(super) requirements: Vec<Requirement>,
}

impl Judged {
    pub(super) fn print_details(&self, output: &Output) {
        for requirement in &self.requirements {
            for detail in &requirement.details {
                output.error(&format!(
                    "{}: {}: {detail}",
                    self.account, requirement.requirement
                ));
            }
        }
    }
}

impl Report {
    pub(super) fn new(arguments: &VerifyArguments, instant: DateTime<Utc>) -> Self {
        Self {
            url: arguments.url.clone(),
            session_created_at: instant,
            sessions: arguments.sessions,
            concurrency: arguments.concurrency,
            accounts: Vec::new(),
            passed: true,
        }
    }

    pub(super) fn add(&mut self, judged: Judged) {
        self.passed &= judged
            .requirements
            .iter()
            .all(|requirement| requirement.verdict.passes());
        self.accounts.push(judged);
    }

    pub(super) fn table(&self) -> String {
        let mut grid = Grid::new(&[
            Column::Left("account"),
            Column::Left("requirement"),
            Column::Left("result"),
            Column::Left("threshold"),
            Column::Left("verdict"),
        ]);
        for judged in &self.accounts {
            for requirement in &judged.requirements {
                grid.line(vec![
                    judged.account.clone(),
                    requirement.requirement.to_owned(),
                    requirement.result.clone(),
                    requirement.threshold.clone(),
                    requirement.verdict.as_str().to_owned(),
                ]);
            }
        }
        let verdict = if self.passed { "passed" } else { "NOT PASSED" };
        format!(
            "host      {}\nsessions  {} of each account, told from {}\n\n{grid}\n\n{verdict}",
            self.url,
            self.sessions,
            self.session_created_at
                .to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        )
    }
}
