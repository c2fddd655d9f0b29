//! The limits that a compiling process puts on itself.

use std::io;

/// Bounds this process for good: its address space, and the processor time that it may use, after which
/// the system ends it whether or not somebody still waits for it. It leaves no core file: that would be as
/// large as what it was given made it.
pub(super) fn bound(memory_bytes: u64, cpu_seconds: u64) -> io::Result<()> {
    limit(libc::RLIMIT_AS, memory_bytes)?;
    limit(libc::RLIMIT_CPU, cpu_seconds)?;
    limit(libc::RLIMIT_CORE, 0)
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
type Resource = libc::c_int;

#[expect(unsafe_code, reason = "the standard library has no way to set a limit")]
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let most = libc::rlim_t::try_from(most).unwrap_or(libc::RLIM_INFINITY);
    let bounds = libc::rlimit {
        rlim_cur: most,
        rlim_max: most,
    };
    // SAFETY: the structure lives until the call has returned, which only reads it.
    match unsafe { libc::setrlimit(resource, &raw const bounds) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
