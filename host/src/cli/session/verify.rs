//! `levain session verify` and `levain session receipt`.

use clap::Args;
use serde::Deserialize;
use ureq::http::Method;

use crate::cli::client::{Call, session_path};
use crate::cli::ending::Ending;
use crate::cli::failure::Failure;
use crate::cli::host::{HostArguments, KeyArguments};
use crate::cli::output::Output;
use crate::cli::text::grouped;

#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArguments {
    /// The session's id
    id: String,
    #[command(flatten)]
    key: KeyArguments,
    #[command(flatten)]
    host: HostArguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ReceiptArguments {
    /// The session's id
    id: String,
    #[command(flatten)]
    host: HostArguments,
}

#[derive(Debug, Deserialize)]
struct Verification {
    verified: bool,
    segments: u64,
    differences: Vec<Difference>,
}

#[derive(Debug, Deserialize)]
struct Difference {
    tenant_id: String,
    domain: String,
    entity: String,
    part: String,
    verdict: String,
    offset: Option<u64>,
}

/// Has the host create the data again; a difference is a problem found.
pub(super) fn run(arguments: &VerifyArguments, output: &Output) -> Result<Ending, Failure> {
    let path = format!("{}/verify", session_path(&arguments.id)?);
    let key = arguments.key.key()?;
    let call = Call::new(Method::POST, &path).with_key(key.as_ref());
    let response = arguments.host.client().call(call)?;
    let verification: Verification = response.read()?;
    if arguments.host.json {
        output.data(response.text.trim_end());
    } else {
        for difference in &verification.differences {
            output.data(&difference.sentence());
        }
        if verification.verified {
            output.data(&format!(
                "{} segments made again, all of them the same",
                grouped(verification.segments)
            ));
        }
    }
    if verification.verified {
        return Ok(Ending::Well);
    }
    output.error(&format!(
        "{} of {} segments are not what they were made as",
        verification.differences.len(),
        grouped(verification.segments)
    ));
    Ok(Ending::Problem)
}

pub(super) fn receipt(arguments: &ReceiptArguments, output: &Output) -> Result<Ending, Failure> {
    let path = format!("{}/receipt", session_path(&arguments.id)?);
    let response = arguments
        .host
        .client()
        .call(Call::new(Method::GET, &path))?;
    output.data(response.text.trim_end());
    Ok(Ending::Well)
}

impl Difference {
    fn sentence(&self) -> String {
        let Self {
            tenant_id,
            domain,
            entity,
            part,
            ..
        } = self;
        let made_by = match part.as_str() {
            "" => String::new(),
            trigger => format!(" of trigger {trigger}"),
        };
        let what = match (self.verdict.as_str(), self.offset) {
            ("differs", Some(offset)) => {
                format!("what is stored is not what is made, from byte {offset} on")
            }
            ("missing", _) => "it was made, and is not stored".to_owned(),
            ("unexpected", _) => "it is stored, and is not made".to_owned(),
            ("not_of_receipt", _) => "it is not what the receipt tells of".to_owned(),
            (other, _) => other.to_owned(),
        };
        format!("{domain}.{entity}{made_by} of tenant {tenant_id}: {what}")
    }
}
