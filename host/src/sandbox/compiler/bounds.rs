//! The limits that a compiling process puts on itself.

use std::io;

use rustix::process::{Resource, Rlimit, setrlimit};

/// Bounds this process for good: its address space, and the processor time that it may use, after which
/// the system ends it whether or not somebody still waits for it. It leaves no core file: that would be as
/// large as what it was given made it.
pub(super) fn bound(memory_bytes: u64, cpu_seconds: u64) -> io::Result<()> {
    limit(Resource::As, memory_bytes)?;
    limit(Resource::Cpu, cpu_seconds)?;
    limit(Resource::Core, 0)
}

fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let bounds = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    setrlimit(resource, bounds).map_err(io::Error::from)
}
