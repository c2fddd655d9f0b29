//! `levain catalog check`: the checks that a host makes at start, without starting.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ending::Ending;
use super::failure::Failure;
use super::output::Output;
use super::text::{Column, Grid, NOTHING, grouped, short_digest};
use crate::app::{self, CatalogReport};

/// What can be done with a catalog.
#[derive(Debug, Subcommand)]
pub(super) enum CatalogCommand {
    /// Check accounts, domains, fixtures, schemas and references, and list every fault
    Check(CheckArguments),
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// The catalog
    #[arg(
        long,
        value_name = "FILE",
        env = "LEVAIN_CATALOG",
        default_value = "fixtures/catalog.toml"
    )]
    catalog: PathBuf,
    /// Directory of the domains' components; without it, components are not checked
    #[arg(long, value_name = "DIR", env = "LEVAIN_PLUGINS")]
    plugins: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Runs a command; a faulty catalog is a problem found, an unreadable one a failure.
pub(super) fn run(command: &CatalogCommand, output: &Output) -> Result<Ending, Failure> {
    let CatalogCommand::Check(arguments) = command;
    let report = app::check_catalog(&arguments.catalog, arguments.plugins.as_deref())?;
    if arguments.json {
        output.data(&serde_json::to_string_pretty(&report)?);
    } else {
        if !report.domains.is_empty() {
            output.data(&table(&report));
        }
        for fault in &report.faults {
            output.data(&fault.to_string());
        }
    }
    if report.faults.is_empty() {
        return Ok(Ending::Well);
    }
    output.error(&format!(
        "{} in {}",
        match report.faults.len() {
            1 => "1 fault".to_owned(),
            many => format!("{many} faults"),
        },
        arguments.catalog.display()
    ));
    Ok(Ending::Problem)
}

fn table(report: &CatalogReport) -> String {
    let mut grid = Grid::new(&[
        Column::Left("domain"),
        Column::Left("required"),
        Column::Right("entities"),
        Column::Right("records"),
        Column::Left("component"),
    ]);
    let mut records = 0;
    let mut entities = 0;
    for domain in &report.domains {
        records += domain.records;
        entities += domain.entities;
        grid.line(vec![
            domain.domain.clone(),
            if domain.required { "yes" } else { "no" }.to_owned(),
            domain.entities.to_string(),
            grouped(domain.records as u64),
            domain
                .component
                .as_deref()
                .map_or_else(|| NOTHING.to_owned(), short_digest),
        ]);
    }
    grid.total(vec![
        "total".to_owned(),
        String::new(),
        entities.to_string(),
        grouped(records as u64),
        String::new(),
    ]);
    format!(
        "catalog   {} {}\naccounts  {}\n{grid}",
        report.name,
        short_digest(&report.digest),
        report.accounts.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::DomainReport;

    #[test]
    fn report_is_shown_as_a_table() {
        let report = CatalogReport {
            name: "town".to_owned(),
            digest: "0123456789abcdef".to_owned(),
            domains: vec![DomainReport {
                domain: "shelving".to_owned(),
                required: true,
                entities: 2,
                records: 1200,
                component: None,
            }],
            accounts: vec!["library".to_owned()],
            faults: Vec::new(),
        };
        let text = table(&report);
        assert!(text.contains("catalog   town 0123456789ab"), "{text}");
        assert!(text.contains("shelving"), "{text}");
        assert!(text.contains("1,200"), "{text}");
    }
}
