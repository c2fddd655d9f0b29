//! The side that waits: starts the program, hands it components, and takes code or a reason.

use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::frames::{self, Frame, Kind, MEMORY};
use crate::sandbox::code::Made;
use crate::sandbox::compile_error::{CompileError, LONGEST_REASON};
use crate::sandbox::limits::CompileLimits;
use levain_model::fault::shortened;

/// How often the process is polled for its end.
const LOOK: Duration = Duration::from_millis(5);
/// The most that is read of what it says, in bytes.
const MOST_SAID: u64 = 64 << 10;

/// What the standard library says when an allocation fails, before it ends the process.
const NO_MEMORY: &str = "memory allocation of ";

/// A process that compiles. It ends with this value.
pub(in crate::sandbox) struct Process {
    child: Child,
    asked: Option<ChildStdin>,
    answers: Receiver<io::Result<Frame>>,
    said: Option<JoinHandle<Vec<u8>>>,
    limits: CompileLimits,
    /// When the time of its next response began.
    since: Instant,
    /// Why it sends no more responses.
    failed: Option<CompileError>,
}

impl Process {
    /// Starts the program. `answers` is the number of requests to come: each may take the whole time.
    pub(super) fn start(
        program: &Path,
        engine: &str,
        limits: &CompileLimits,
        answers: usize,
    ) -> Result<Self, CompileError> {
        let failed = |reason: String| CompileError::Compiler { reason };
        let answers = u64::try_from(answers).unwrap_or(u64::MAX);
        // If this process is killed, the system must end the child: its CPU time is limited.
        let cpu_seconds = limits.time.as_secs().saturating_mul(answers) + 2;
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
        let mut child = command
            .spawn()
            .map_err(|error| failed(format!("{} cannot be run: {error}", program.display())))?;
        let (asked, answer, said) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (sender, answers) = sync_channel(1);
        let most = limits.memory_bytes;
        thread::spawn(move || {
            let Some(mut answer) = answer else { return };
            while let Some(frame) = frames::read(&mut answer, most).transpose() {
                let is_last = frame.is_err();
                if sender.send(frame).is_err() || is_last {
                    return;
                }
            }
        });
        let said = thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(said) = said {
                // A reason that cannot be read is none.
                let _ = said.take(MOST_SAID).read_to_end(&mut bytes);
            }
            bytes
        });
        Ok(Self {
            child,
            asked,
            answers,
            said: Some(said),
            limits: *limits,
            since: Instant::now(),
            failed: None,
        })
    }

    /// Sends a request and reads the response. Blocks up to the limit.
    pub(super) fn ask(
        &mut self,
        write: impl FnOnce(&mut ChildStdin) -> io::Result<()> + Send,
    ) -> Result<Made, CompileError> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        self.since = Instant::now();
        let mut asked = self.asked.take();
        let answered = thread::scope(|threads| {
            // A process that ends early reads no further: its reason is what counts.
            threads.spawn(|| asked.as_mut().map(write));
            let answered = self.answer();
            if let Err(error) = &answered
                && !matches!(error, CompileError::Invalid { .. })
            {
                self.failed = Some(error.clone());
                // The thread that may still write to it can end.
                self.kill();
            }
            answered
        });
        self.asked = asked;
        answered
    }

    fn answer(&mut self) -> Result<Made, CompileError> {
        let first = self.next()?;
        match first.kind {
            Kind::Code => {}
            Kind::Refused => {
                let reason = String::from_utf8_lossy(&first.content);
                return Err(CompileError::Invalid {
                    reason: shortened(&reason, LONGEST_REASON),
                });
            }
            _ => return Err(out_of_order()),
        }
        let lines = self.next()?;
        match lines.kind {
            Kind::Lines => {
                tracing::debug!(
                    code_bytes = first.content.len(),
                    duration_ms = self.since.elapsed().as_millis(),
                    "component compiled"
                );
                Ok(Made {
                    code: first.content,
                    lines: lines.content,
                })
            }
            _ => Err(out_of_order()),
        }
    }

    /// The next frame of a response.
    fn next(&mut self) -> Result<Frame, CompileError> {
        let left = self.limits.time.saturating_sub(self.since.elapsed());
        match self.answers.recv_timeout(left) {
            Ok(Ok(frame)) => Ok(frame),
            Ok(Err(error)) => Err(self.ended(Some(&error))),
            Err(RecvTimeoutError::Disconnected) => Err(self.ended(None)),
            Err(RecvTimeoutError::Timeout) => {
                self.kill();
                Err(self.too_long())
            }
        }
    }

    /// Why a process sent no usable response.
    fn ended(&mut self, error: Option<&io::Error>) -> CompileError {
        let status = match self.wait() {
            Ok(Some(status)) => status,
            Ok(None) => return self.too_long(),
            Err(error) => {
                return CompileError::Compiler {
                    reason: format!("it cannot be waited for: {error}"),
                };
            }
        };
        let said = self.said.take().and_then(|said| said.join().ok());
        let said = said.unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        match error {
            Some(error) if status.success() => CompileError::Compiler {
                reason: format!("its answer cannot be read: {error}"),
            },
            _ => explain(status, said.trim(), &self.limits),
        }
    }

    /// How the process ended; `None` where it had to be killed.
    fn wait(&mut self) -> io::Result<Option<ExitStatus>> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if self.since.elapsed() >= self.limits.time {
                self.kill();
                return Ok(None);
            }
            thread::sleep(LOOK);
        }
    }

    fn too_long(&self) -> CompileError {
        CompileError::TimeLimit {
            allowed_ms: self.limits.time.as_millis(),
        }
    }

    /// Where it has ended already, there is nothing to kill.
    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn out_of_order() -> CompileError {
    CompileError::Compiler {
        reason: "it answered out of order".to_owned(),
    }
}

/// Why a process that was not killed gave no code.
fn explain(status: ExitStatus, said: &str, limits: &CompileLimits) -> CompileError {
    let reason = || shortened(said, LONGEST_REASON);
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
