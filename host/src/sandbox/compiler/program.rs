//! The side that waits: starts the program, hands it a component, and takes its code or its reason.

use std::io::{Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::child::{INVALID, MEMORY};
use crate::fault::shortened;
use crate::sandbox::component::CompileError;
use crate::sandbox::limits::CompileLimits;

/// How often it is looked at whether the process has ended.
const LOOK: Duration = Duration::from_millis(5);
/// The most that is read of what it says, in bytes.
const MOST_SAID: u64 = 64 << 10;
/// The most of a reason that is kept, in characters.
const REASON: usize = 1000;

/// What the standard library says when an allocation fails, before it ends the process.
const NO_MEMORY: &str = "memory allocation of ";

/// Has the program compile a component. Blocks, for no longer than the limit.
pub(super) fn compile(
    program: &Path,
    engine: &str,
    bytes: &[u8],
    limits: &CompileLimits,
) -> Result<Vec<u8>, CompileError> {
    let failed = |reason: String| CompileError::Compiler { reason };
    // Nobody is there to end it, where this process does not live to do so: then the system does.
    let cpu_seconds = limits.time.as_secs() + 2;
    let mut command = Command::new(program);
    command
        .arg("compile-component")
        .args(["--engine", engine])
        .args(["--memory-bytes", &limits.memory_bytes.to_string()])
        .args(["--cpu-seconds", &cpu_seconds.to_string()])
        // Where hostile bytes are read, no secret is.
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let begun = Instant::now();
    let mut child = command
        .spawn()
        .map_err(|error| failed(format!("{} cannot be run: {error}", program.display())))?;
    let (to, from, said) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (code, said, ended) = thread::scope(|threads| {
        // A process that ends early reads no further: its reason is what counts.
        threads.spawn(move || to.map(|mut pipe| pipe.write_all(bytes)));
        let code = threads.spawn(move || read(from, limits.memory_bytes));
        let said = threads.spawn(move || read(said, MOST_SAID));
        let ended = wait(&mut child, begun, limits.time);
        (code.join(), said.join(), ended)
    });
    let lost = |_| failed("a thread that reads from it was lost".to_owned());
    let (code, said) = (code.map_err(lost)?, said.map_err(lost)?);
    let status = ended
        .map_err(|error| failed(format!("it cannot be waited for: {error}")))?
        .ok_or(CompileError::TimeLimit {
            allowed_ms: limits.time.as_millis(),
        })?;
    let code = code.map_err(|error| failed(format!("its code cannot be read: {error}")))?;
    if status.success() {
        tracing::debug!(
            bytes = bytes.len(),
            code_bytes = code.len(),
            duration_ms = begun.elapsed().as_millis(),
            "component compiled"
        );
        return Ok(code);
    }
    // A reason that cannot be read is none.
    let said = said.unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    Err(explain(status, said.trim(), limits))
}

/// How the process ended; `None` where it had to be killed.
fn wait(child: &mut Child, begun: Instant, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(LOOK);
    }
}

fn read(pipe: Option<impl Read>, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Why a process that was not killed gave no code.
fn explain(status: ExitStatus, said: &str, limits: &CompileLimits) -> CompileError {
    let reason = || shortened(said, REASON);
    if status.code() == Some(INVALID.into()) {
        return CompileError::Invalid { reason: reason() };
    }
    if status.code() == Some(MEMORY.into()) || said.contains(NO_MEMORY) {
        return CompileError::MemoryLimit {
            allowed_bytes: limits.memory_bytes,
        };
    }
    #[cfg(unix)]
    if std::os::unix::process::ExitStatusExt::signal(&status)
        == Some(rustix::process::Signal::XCPU.as_raw())
    {
        return CompileError::TimeLimit {
            allowed_ms: limits.time.as_millis(),
        };
    }
    let reason = match said {
        "" => status.to_string(),
        _ => format!("{status}: {}", reason()),
    };
    CompileError::Compiler { reason }
}
