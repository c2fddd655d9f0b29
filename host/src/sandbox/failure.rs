//! Failures that teach: which limit, used and allowed, in which function, and what to change.

use std::fmt::{self, Write as _};

use wasmtime::WasmBacktrace;

use super::bindings::{Failure, GuestError};
use super::limits::Limits;
use super::lines::Lines;
use super::state::{GrowthRefused, State};
use levain_model::fault::shortened;

/// The most bytes of a guest function's name: the component says how it is called.
const FRAME: usize = 240;
/// The most bytes of the engine's own words, which repeat what the guest handed over.
const REASON: usize = 500;

/// Why a call gave no result. It costs the other domains and sessions nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The wall time ran out.
    #[error(
        "it ran longer than its {limit_ms} ms{}{trap}; make it do less work, or raise the domain's timeout_ms in the catalog",
        waited(*waited_ms)
    )]
    Timeout {
        /// The limit.
        limit_ms: u128,
        /// What of it was over before a thread was free.
        waited_ms: u128,
        /// Where it was.
        trap: Trap,
    },
    /// It waited for a thread until its wall time ran out.
    #[error(
        "it waited all of its {limit_ms} ms for a thread, {}",
        if *own {
            "since other calls of the same version did not end; make it do less work, or raise the domain's timeout_ms in the catalog"
        } else {
            "since others were at work on all of them; raise clone_workers, lower clones_under_way, or raise the domain's timeout_ms in the catalog"
        }
    )]
    NoThread {
        /// The limit.
        limit_ms: u128,
        /// Whether the version's own calls had all threads that it may have.
        own: bool,
    },
    /// It asked for more memory than it may have.
    #[error(
        "it asked for {wanted} bytes of memory, {allowed} are allowed{trap}; hold less at once, or raise the domain's limits.memory_mib in the catalog"
    )]
    MemoryLimit {
        /// What it asked for, in all.
        wanted: usize,
        /// The limit.
        allowed: usize,
        /// Where it was.
        trap: Trap,
    },
    /// It asked for larger tables than it may have.
    #[error(
        "it asked for tables of {wanted} elements, {allowed} are allowed{trap}; raise the domain's limits.table_elements in the catalog"
    )]
    TableLimit {
        /// What it asked for, in all.
        wanted: usize,
        /// The limit.
        allowed: usize,
        /// Where it was.
        trap: Trap,
    },
    /// Its stack ran out.
    #[error("its stack of {allowed} bytes ran out{trap}; look for recursion without an end")]
    StackLimit {
        /// The limit.
        allowed: usize,
        /// Where it was.
        trap: Trap,
    },
    /// It handed back more than it may.
    #[error(
        "it handed back more than {allowed} bytes; return fewer or smaller records, or raise the domain's limits.output_kib in the catalog"
    )]
    OutputLimit {
        /// The limit.
        allowed: usize,
    },
    /// It handed back more records than it may.
    #[error(
        "it returned more than the {allowed} records that are allowed; return fewer, or raise the domain's limits.records in the catalog"
    )]
    RecordLimit {
        /// The limit.
        allowed: u32,
    },
    /// It trapped.
    #[error("it trapped: {reason}{trap}")]
    Trapped {
        /// What kind of trap.
        reason: String,
        /// Where it was.
        trap: Trap,
    },
    /// It handed over text that is not UTF-8, a value that its type does not have, or a place that is not
    /// in its memory.
    #[error(
        "what it handed over cannot be read: {reason}{trap}; rebuild it against the interface in wit/"
    )]
    BadAnswer {
        /// What is wrong with it.
        reason: String,
        /// Where it was, where it was at work itself.
        trap: Trap,
    },
    /// It says that the fixture is not what it was written for.
    #[error("it refused its fixture: {entity}{}: {reason}", record.as_ref().map(|id| format!(" {id}")).unwrap_or_default())]
    InvalidFixture {
        /// The entity.
        entity: String,
        /// The record.
        record: Option<String>,
        /// What is wrong.
        reason: String,
    },
    /// It does not do what was asked.
    #[error("it does not support this: {reason}")]
    Unsupported {
        /// What it said.
        reason: String,
    },
    /// It tried and failed.
    #[error("it failed: {reason}")]
    Failed {
        /// What it said.
        reason: String,
    },
    /// The host could not make the call.
    #[error("the host could not make the call: {reason}")]
    Host {
        /// Why not.
        reason: String,
    },
}

impl CallError {
    /// The stable code of its kind.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Timeout { .. } => "timeout",
            Self::NoThread { .. } => "no_thread",
            Self::MemoryLimit { .. } => "memory_limit",
            Self::TableLimit { .. } => "table_limit",
            Self::StackLimit { .. } => "stack_limit",
            Self::OutputLimit { .. } => "output_limit",
            Self::RecordLimit { .. } => "record_limit",
            Self::Trapped { .. } => "trap",
            Self::BadAnswer { .. } => "bad_answer",
            Self::InvalidFixture { .. } => "invalid_fixture",
            Self::Unsupported { .. } => "unsupported",
            Self::Failed { .. } => "plugin_failed",
            Self::Host { .. } => "host_error",
        }
    }
}

/// The part of a timeout's text about the wait; a wait of a few milliseconds explains nothing.
fn waited(waited_ms: u128) -> String {
    match waited_ms {
        0..=20 => String::new(),
        _ => format!(", {waited_ms} ms of them its wait for a thread"),
    }
}

/// Where a guest was when it was stopped, and what it had said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trap {
    /// The guest's functions, innermost first, with source lines where the component has them.
    pub frames: Vec<String>,
    /// The last error line that it logged: a panic's message and location.
    pub last_error: Option<String>,
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(said) = &self.last_error {
            write!(f, ", having said \"{said}\"")?;
        }
        if let Some(frame) = self.frames.first() {
            write!(f, ", in {frame}")?;
        }
        Ok(())
    }
}

/// Turns what wasmtime or the guest reported into a typed failure.
pub(super) fn explain(
    failure: Failure,
    state: &State,
    limits: &Limits,
    stack_bytes: usize,
) -> CallError {
    match failure {
        Failure::Guest(GuestError::InvalidFixture {
            entity,
            record,
            reason,
        }) => CallError::InvalidFixture {
            entity,
            record,
            reason,
        },
        Failure::Guest(GuestError::Unsupported(reason)) => CallError::Unsupported { reason },
        Failure::Guest(GuestError::Failed(reason) | GuestError::Other(reason)) => {
            CallError::Failed { reason }
        }
        Failure::Engine(error) => explain_engine(&error, state, limits, stack_bytes),
    }
}

fn explain_engine(
    error: &wasmtime::Error,
    state: &State,
    limits: &Limits,
    stack_bytes: usize,
) -> CallError {
    let trap = Trap {
        frames: frames(error, state.lines()),
        last_error: state.last_error().map(str::to_owned),
    };
    if let Some(refused) = error.downcast_ref::<GrowthRefused>() {
        return match *refused {
            GrowthRefused::Memory { wanted, allowed } => CallError::MemoryLimit {
                wanted,
                allowed,
                trap,
            },
            GrowthRefused::Table { wanted, allowed } => CallError::TableLimit {
                wanted,
                allowed,
                trap,
            },
        };
    }
    if let Some(kind) = error.downcast_ref::<wasmtime::Trap>() {
        return match kind {
            wasmtime::Trap::Interrupt => CallError::Timeout {
                limit_ms: limits.timeout.as_millis(),
                waited_ms: limits.waited.as_millis(),
                trap,
            },
            wasmtime::Trap::StackOverflow => CallError::StackLimit {
                allowed: stack_bytes,
                trap,
            },
            kind => CallError::Trapped {
                reason: kind.to_string(),
                trap,
            },
        };
    }
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return CallError::Host {
            reason: shortened(error, REASON),
        };
    }
    let reason = shortened(error.root_cause(), REASON);
    // wasmtime keeps this error's type to itself.
    if reason.contains("fuel allocated for hostcalls has been exhausted") {
        return CallError::OutputLimit {
            allowed: limits.output_bytes,
        };
    }
    // An error without a trap comes from the host: a value at the boundary was invalid.
    CallError::BadAnswer { reason, trap }
}

/// The guest's functions, innermost first; frames below the fifth are runtime machinery.
fn frames(error: &wasmtime::Error, lines: &Lines) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    backtrace
        .frames()
        .iter()
        .map(|frame| {
            // A component that carries no names has numbers, which its disassembly has too.
            let numbered = || format!("function {}", frame.func_index());
            let name = frame.func_name().map_or_else(numbered, readable);
            let line = frame.module_offset().and_then(|at| lines.find(at));
            let line = line.map(|(file, line)| format!(" ({file}:{line})"));
            format!("{name}{}", line.unwrap_or_default())
        })
        .filter(|name| !name.starts_with("core::panicking") && !name.starts_with("std::"))
        .take(5)
        .map(|name| shortened(name, FRAME))
        .collect()
}

/// The longest name of a function that is demangled, in bytes. Demangling repeats parts of a name.
const LONGEST_SYMBOL: usize = 1024;
/// The longest function name in a failure, in characters.
const LONGEST_NAME: usize = 200;

/// The name of a function as a person reads it. A component says what its functions are called, and may say anything.
fn readable(name: &str) -> String {
    let name = if name.len() > LONGEST_SYMBOL {
        shortened(name, LONGEST_NAME)
    } else {
        demangled(name)
    };
    name.replace(char::is_control, "\u{fffd}")
}

/// Demangles up to the length that is shown.
fn demangled(name: &str) -> String {
    struct Shortened {
        text: String,
        room: usize,
    }
    impl fmt::Write for Shortened {
        fn write_str(&mut self, more: &str) -> fmt::Result {
            for char in more.chars() {
                self.room = self.room.checked_sub(1).ok_or(fmt::Error)?;
                self.text.push(char);
            }
            Ok(())
        }
    }
    let mut shortened = Shortened {
        text: String::new(),
        room: LONGEST_NAME,
    };
    match write!(shortened, "{:#}", rustc_demangle::demangle(name)) {
        Ok(()) => shortened.text,
        Err(fmt::Error) => shortened.text + "…",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_as_a_person_reads_it_and_no_longer() {
        assert_eq!(
            readable("_ZN4hire5price17h0123456789abcdefE"),
            "hire::price"
        );
        assert_eq!(
            readable("_ZN3foo3barEv\u{1b}[31m"),
            "_ZN3foo3barEv\u{fffd}[31m"
        );
        // Each `B` repeats what was before it, twice.
        let repeating = |times: usize| {
            let twice = (0..times).map(|_| "TB3_B3_E").collect::<String>();
            format!("_RIC0T{twice}E")
        };
        let long = [
            "x".repeat(100_000),
            format!("_ZN{}4nameE", "1a".repeat(400)),
            repeating(10),
            repeating(100),
            format!("_R{}", "I".repeat(900)),
        ];
        for name in long {
            let told = readable(&name);
            assert!(told.chars().count() <= LONGEST_NAME + 1, "{}", told.len());
        }
    }
}
