//! `levain receipt verify`: checks a receipt without the host that signed it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, Subcommand};

use super::ending::Ending;
use super::failure::Failure;
use super::output::Output;
use super::text::{Column, Grid, grouped, short_digest};
use crate::receipts::{PublicKey, Receipt, ReceiptError, TenantReceipt};

/// What can be done with a receipt.
#[derive(Debug, Subcommand)]
pub(super) enum ReceiptCommand {
    /// Check a receipt's signature and show its content
    Verify(VerifyArguments),
}

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    /// The receipt, as `levain session receipt` prints it
    file: PathBuf,
    /// The public key of the host that signed it, in hexadecimal, or a file with it; a host publishes its own at
    /// /api/demo/receipt-key
    #[arg(long, value_name = "HEX or FILE", env = "LEVAIN_RECEIPT_PUBLIC_KEY")]
    public_key: String,
    /// Print the receipt's content as JSON
    #[arg(long)]
    json: bool,
}

/// Runs a command; a receipt that is not proven is a problem found.
pub(super) fn run(command: &ReceiptCommand, output: &Output) -> Result<Ending, Failure> {
    let ReceiptCommand::Verify(arguments) = command;
    let key = public_key(&arguments.public_key)?;
    let document = read(&arguments.file)?;
    let receipt = match key.open(&document) {
        Ok(receipt) => receipt,
        Err(error @ ReceiptError::Unreadable(_)) => {
            let file = arguments.file.display();
            return Err(Failure::from(
                anyhow::Error::from(error).context(format!("`{file}` cannot be read as a receipt")),
            ));
        }
        Err(error) => {
            output.error(&format!("{}: {error}", arguments.file.display()));
            return Ok(Ending::Problem);
        }
    };
    if arguments.json {
        output.data(&serde_json::to_string_pretty(&receipt)?);
    } else {
        output.data(&described(&receipt, &key));
    }
    Ok(Ending::Well)
}

/// Reads the key from `text`, or from a file with the key or a host's response.
fn public_key(text: &str) -> Result<PublicKey, Failure> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let file = Path::new(text);
    let held = read(file)?;
    let key = match serde_json::from_str::<serde_json::Value>(&held) {
        Ok(response) => {
            let key = response.get("public_key").and_then(|key| key.as_str());
            key.unwrap_or_default().parse()
        }
        Err(_) => held.parse(),
    };
    key.map_err(|error: ReceiptError| {
        Failure::from(anyhow::Error::from(error).context(format!("`{text}` has no public key")))
    })
}

fn read(file: &Path) -> Result<String, Failure> {
    Ok(std::fs::read_to_string(file)
        .with_context(|| format!("`{}` cannot be read", file.display()))?)
}

fn described(receipt: &Receipt, key: &PublicKey) -> String {
    let segments = || receipt.tenants.iter().flat_map(|tenant| &tenant.segments);
    let records: u64 = segments().map(|segment| u64::from(segment.records)).sum();
    let bytes: u64 = segments().map(|segment| segment.bytes).sum();
    let mut lines = vec![
        format!("signed with {}, and as it was signed", key.id()),
        format!("account    {}", receipt.account),
        format!("told from  {}", instant(receipt.session_created_at)),
        format!("sealed     {}", instant(receipt.sealed_at)),
        format!("catalog    {}", short_digest(&receipt.catalog_digest)),
        format!("engine     {}", receipt.engine),
        format!(
            "holds      {} records, {} bytes in {} segments of {}",
            grouped(records),
            grouped(bytes),
            segments().count(),
            match receipt.tenants.len() {
                1 => "1 tenant".to_owned(),
                many => format!("{many} tenants"),
            }
        ),
    ];
    lines.push(String::new());
    lines.push(table(&receipt.tenants));
    lines.join("\n")
}

fn instant(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn table(tenants: &[TenantReceipt]) -> String {
    let mut grid = Grid::new(&[
        Column::Left("outlet"),
        Column::Left("domain"),
        Column::Left("entity"),
        Column::Left("part"),
        Column::Right("records"),
        Column::Right("bytes"),
        Column::Left("sha256"),
    ]);
    for tenant in tenants {
        for segment in &tenant.segments {
            grid.line(vec![
                tenant.outlet.clone().unwrap_or_default(),
                segment.domain.clone(),
                segment.entity.clone(),
                segment.part.clone(),
                grouped(u64::from(segment.records)),
                grouped(segment.bytes),
                short_digest(&segment.sha256),
            ]);
        }
    }
    grid.to_string()
}
