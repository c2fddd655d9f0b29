//! What the host keeps beside one guest: whom it works for, and what it has used of its limits.

use levain_model::fault::shortened;
use wasmtime::ResourceLimiter;

use super::call::CallContext;
use super::limits::Limits;
use super::lines::Lines;

/// The most bytes of a guest's last words that its failure repeats.
const SAID: usize = 500;
/// The most bytes of one log line of a guest.
const LINE: usize = 4 << 10;

/// What the host keeps beside one guest.
pub(super) struct State {
    domain: String,
    tenant_id: String,
    session: String,
    lines: Lines,
    limits: Limits,
    memory_bytes: usize,
    peak_memory_bytes: usize,
    table_elements: usize,
    log_bytes: usize,
    log_lines: u32,
    dropped_log_lines: u32,
    last_error: Option<String>,
}

/// A limit that growth would have passed; the guest is stopped at the growth itself, so that the
/// failure names what asked for it and not what broke afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum GrowthRefused {
    #[error("memory of {wanted} bytes wanted, {allowed} allowed")]
    Memory { wanted: usize, allowed: usize },
    #[error("tables of {wanted} elements wanted, {allowed} allowed")]
    Table { wanted: usize, allowed: usize },
}

/// The fields of a call's log lines.
pub(super) struct Origin {
    domain: String,
    tenant_id: String,
    session: String,
}

impl Origin {
    /// No session's: a slice is prepared for all of them.
    pub(super) fn preparing(domain: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            tenant_id: "-".to_owned(),
            session: "-".to_owned(),
        }
    }
}

impl From<&CallContext> for Origin {
    fn from(context: &CallContext) -> Self {
        Self {
            domain: context.domain.clone(),
            tenant_id: context.tenant_id.to_string(),
            session: context.session_id.clone(),
        }
    }
}

impl State {
    /// Of a guest that has used nothing yet.
    pub(super) fn new(origin: Origin, lines: &Lines, limits: &Limits) -> Self {
        Self {
            domain: origin.domain,
            tenant_id: origin.tenant_id,
            session: origin.session,
            lines: lines.clone(),
            limits: *limits,
            memory_bytes: 0,
            peak_memory_bytes: 0,
            table_elements: 0,
            log_bytes: 0,
            log_lines: 0,
            dropped_log_lines: 0,
            last_error: None,
        }
    }

    pub(super) const fn peak_memory_bytes(&self) -> usize {
        self.peak_memory_bytes
    }

    pub(super) const fn lines(&self) -> &Lines {
        &self.lines
    }

    pub(super) const fn dropped_log_lines(&self) -> u32 {
        self.dropped_log_lines
    }

    /// The last line that the guest logged as an error: what a panic hook says before it traps.
    pub(super) fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Takes a log line of the guest: into the host's log, or dropped where it is over the limit.
    pub(super) fn log(&mut self, level: tracing::Level, message: &str) {
        let over = self.log_lines >= self.limits.log_lines
            || self.log_bytes.saturating_add(message.len()) > self.limits.log_bytes;
        if level == tracing::Level::ERROR {
            self.last_error = Some(shortened(message, SAID));
        }
        if over {
            self.dropped_log_lines = self.dropped_log_lines.saturating_add(1);
            return;
        }
        self.log_lines += 1;
        self.log_bytes += message.len();
        let message = shortened(message, LINE);
        let Self {
            domain,
            tenant_id,
            session,
            ..
        } = self;
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(target: "levain::plugin", %domain, %tenant_id, %session, "{message}")
            };
        }
        match level {
            tracing::Level::ERROR => line!(error),
            tracing::Level::WARN => line!(warn),
            tracing::Level::INFO => line!(info),
            tracing::Level::DEBUG => line!(debug),
            tracing::Level::TRACE => line!(trace),
        }
    }
}

impl ResourceLimiter for State {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The limit is on all memories of the instance together.
        let total = self
            .memory_bytes
            .saturating_sub(current)
            .saturating_add(desired);
        let allowed = self.limits.memory_bytes;
        if total > allowed {
            return Err(GrowthRefused::Memory {
                wanted: total,
                allowed,
            }
            .into());
        }
        self.memory_bytes = total;
        self.peak_memory_bytes = self.peak_memory_bytes.max(total);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self
            .table_elements
            .saturating_sub(current)
            .saturating_add(desired);
        let allowed = self.limits.table_elements;
        if total > allowed {
            return Err(GrowthRefused::Table {
                wanted: total,
                allowed,
            }
            .into());
        }
        self.table_elements = total;
        Ok(true)
    }
}
