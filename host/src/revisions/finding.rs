//! What a proof finds: the laws that candidates break.

use std::fmt;

use chrono::{DateTime, Utc};
use levain_model::Failure;
use levain_model::fault::{Fault, first_faults, shortened};
use uuid::Uuid;

/// Findings that are kept; the others are counted.
const KEPT: usize = 20;

/// The most bytes of a finding's message.
const MESSAGE: usize = 2 << 10;

/// What a candidate did that a plugin must not do.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Whose records or call it is about; another's where the candidate broke what refers to it.
    pub domain: String,
    /// The account.
    pub account: String,
    /// The outlet's slug; `None` for the account's own tenant.
    pub outlet: Option<String>,
    /// The data clock.
    pub instant: DateTime<Utc>,
    /// The session's own tenant; those of its outlets derive from it.
    pub tenant_id: Uuid,
    /// The session's name in the plugin's context.
    pub session: String,
    /// The law or the check: `clone`, `trigger`, `determinism`, `identity`, `cleanup`, `whole_weeks`,
    /// `empty_slice`, `malformed_slice`.
    pub law: &'static str,
    /// What was found.
    pub message: String,
    /// The records that show it.
    pub faults: Vec<Fault>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            domain,
            account,
            law,
            message,
            ..
        } = self;
        if let Some(outlet) = &self.outlet {
            write!(f, "{domain} of {outlet} of {account}")?;
        } else {
            write!(f, "{domain} of {account}")?;
        }
        let (instant, tenant, session) = (self.instant.to_rfc3339(), self.tenant_id, &self.session);
        write!(
            f,
            ", told at {instant} for tenant {tenant} in session {session}: [{law}] {message}"
        )
    }
}

/// The findings of a proof. What was found before, at another instant, is only counted.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) kept: Vec<Finding>,
    pub(super) total: usize,
}

impl Findings {
    /// Adds a finding, bounded as the failure of a domain is.
    pub(super) fn push(&mut self, mut finding: Finding) {
        self.total += 1;
        finding.message = shortened(finding.message, MESSAGE);
        finding.faults = first_faults(finding.faults, Failure::MOST_BYTES - MESSAGE);
        let is_alike = |kept: &Finding| {
            (&kept.domain, &kept.account, &kept.outlet, kept.law)
                == (
                    &finding.domain,
                    &finding.account,
                    &finding.outlet,
                    finding.law,
                )
        };
        if self.kept.len() < KEPT && !self.kept.iter().any(is_alike) {
            self.kept.push(finding);
        }
    }
}
