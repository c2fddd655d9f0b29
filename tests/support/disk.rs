//! A disk that is soon full: one in memory, which only the process on it sees, and which goes with it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// Mounts it in a namespace of mounts and becomes the program. A namespace of users makes it possible for
/// anybody, where the system lets them.
const SCRIPT: &str = r#"mount -t tmpfs -o "size=$1m" levain-test "$0" && shift && exec "$@""#;

/// A command of `program` that sees such a disk of so many MiB at `mount_point`; `None` where this system
/// has no such disks.
pub fn on_a_small_one(mount_point: &Path, mebibytes: u32, program: &Path) -> Option<Command> {
    let on_disk = |program: &OsStr| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", SCRIPT]);
        command.arg(mount_point).arg(mebibytes.to_string());
        command.arg(program).stdin(Stdio::null());
        command
    };
    let tried = on_disk(OsStr::new("true")).output();
    tried
        .is_ok_and(|output| output.status.success())
        .then(|| on_disk(program.as_os_str()))
}
