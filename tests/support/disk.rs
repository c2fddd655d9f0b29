//! A disk that is soon full: one in memory, which only the programs on it see, and which goes with this.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Mounts it in a namespace of mounts, says so, and waits. A namespace of users makes it possible for anybody,
/// where the system lets them.
const SCRIPT: &str = r#"mount -t tmpfs -o "size=$1m" levain-test "$0" && echo mounted && exec cat"#;

/// The disk. It outlives the programs on it, so that one can be started on it again.
pub struct Disk {
    /// A process in its namespaces.
    holder: Child,
}

impl Disk {
    /// Mounts a disk of so many MiB at `mount_point`; `None` where this system has no such disks.
    pub fn mount(mount_point: &Path, mebibytes: u32) -> Option<Self> {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", SCRIPT]);
        command.arg(mount_point).arg(mebibytes.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut disk = Self {
            holder: command.spawn().ok()?,
        };
        let mut said = String::new();
        let mut out = BufReader::new(disk.holder.stdout.take().unwrap());
        out.read_line(&mut said).unwrap();
        (said == "mounted\n").then_some(disk)
    }

    /// A command of `program` that sees the disk.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        let holder = self.holder.id().to_string();
        command.args(["--preserve-credentials", "--user", "--mount"]);
        command.args(["--target", &holder]).arg(program);
        command
    }

    /// Where a path on the disk is found from here.
    pub fn seen(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(path.strip_prefix("/").unwrap())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
