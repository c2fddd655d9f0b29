//! The real binary as a process: commands that end, and a host that serves until it is dropped.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, Method, Request};
use serde_json::Value;

use super::app::{ADMIN_KEY, INTERNAL_KEY};
use super::disk::Disk;
use super::hosting::guests_dir;
use super::metrics::Metrics;

/// Longer than anything that is waited for: compiling components on a busy machine.
const DEADLINE: Duration = Duration::from_secs(90);

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Said {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// All of it, for a snapshot.
    pub fn all(&self) -> String {
        format!(
            "exit {}\n--- out\n{}--- err\n{}",
            self.code, self.out, self.err
        )
    }
}

/// A command of the binary.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments);
    alone(&mut command);
    command
}

/// With nothing of this process's environment but where programs are, and read from here.
fn alone(command: &mut Command) {
    let programs = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", programs);
    // Every start here has an empty cache, and few sessions are made of it: a test that is about images says so.
    command.env("LEVAIN_PREPARED_IMAGES", "false");
    // A test that waits for something asks again and again.
    command.env("LEVAIN_READS_PER_MINUTE", "0");
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
}

/// The binary; `cargo xtask test` builds it.
pub fn binary() -> PathBuf {
    let binary = std::env::current_exe()
        .unwrap()
        .ancestors()
        .nth(2)
        .unwrap()
        .join("levain");
    assert!(
        binary.is_file(),
        "{} is missing\nhint: cargo build --package levain",
        binary.display()
    );
    binary
}

/// Runs a command that ends by itself.
pub fn levain(arguments: &[&str]) -> Said {
    Running::begin(arguments).end()
}

/// A command under way.
pub struct Running {
    guard: Guard,
    out: JoinHandle<String>,
    err: JoinHandle<String>,
}

impl Running {
    /// Begins it.
    pub fn begin(arguments: &[&str]) -> Self {
        let mut guard = Guard(command(arguments).spawn().unwrap());
        Self {
            out: drain(guard.0.stdout.take().unwrap()),
            err: drain(guard.0.stderr.take().unwrap()),
            guard,
        }
    }

    /// What Ctrl-C does.
    pub fn interrupt(&self) {
        signal("-INT", &self.guard);
    }

    /// Waits for its end.
    pub fn end(mut self) -> Said {
        Said {
            code: self.guard.wait().code().unwrap(),
            out: self.out.join().unwrap(),
            err: self.err.join().unwrap(),
        }
    }
}

fn signal(name: &str, process: &Guard) {
    let process = process.0.id().to_string();
    let sent = Command::new("kill").args([name, &process]).status();
    assert!(sent.unwrap().success());
}

/// Waits until something is there; fails where it is not in time.
pub fn until<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(
            begun.elapsed() < DEADLINE,
            "{what}: not within {DEADLINE:?}"
        );
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// A process that does not outlive its test.
struct Guard(Child);

impl Guard {
    fn wait(&mut self) -> ExitStatus {
        until("the process ends", || self.0.try_wait().unwrap())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A host that serves in a process of its own.
pub struct Host {
    /// Where it listens.
    pub url: String,
    guard: Guard,
    err: JoinHandle<String>,
    log: Arc<Mutex<String>>,
}

impl Host {
    /// Serves a catalog with the components of a directory; it has read all of it when this returns.
    pub fn serve(catalog: &Path, plugins: &Path, data: &Path) -> Self {
        Self::serve_with(catalog, plugins, data, &[], &[])
    }

    /// The same with more flags and variables.
    pub fn serve_with(
        catalog: &Path,
        plugins: &Path,
        data: &Path,
        flags: &[(&str, &str)],
        variables: &[(&str, &str)],
    ) -> Self {
        let arguments = serve_arguments(catalog, plugins, data);
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        arguments.extend(flags.iter().flat_map(|(flag, value)| [*flag, *value]));
        let mut command = command(&arguments);
        command.envs(variables.iter().copied());
        Self::begin(command)
    }

    /// Serves on a disk; the data directory is where it is mounted.
    pub fn serve_on_disk(
        disk: &Disk,
        catalog: &Path,
        data: &Path,
        flags: &[(&str, &str)],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = disk.command(&binary());
        alone(&mut command);
        command.envs(variables.iter().copied());
        command.args(serve_arguments(catalog, &guests_dir(), data));
        command.args(flags.iter().flat_map(|(flag, value)| [*flag, *value]));
        Self::begin(command)
    }

    fn begin(mut command: Command) -> Self {
        let mut guard = Guard(command.spawn().unwrap());
        let log = Arc::new(Mutex::new(String::new()));
        let err = follow(guard.0.stderr.take().unwrap(), Arc::clone(&log));
        let mut line = String::new();
        BufReader::new(guard.0.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let Some(url) = line.trim_end().strip_prefix("listening on ") else {
            let _ = guard.0.kill();
            panic!("it does not serve: {line}{}", err.join().unwrap());
        };
        Self {
            url: url.to_owned(),
            guard,
            err,
            log,
        }
    }

    /// Waits until the log has this text.
    pub fn until_logged(&self, text: &str) {
        until(text, || {
            self.log.lock().unwrap().contains(text).then_some(())
        });
    }

    /// The memory that it holds, in KiB.
    pub fn resident_kib(&self) -> u64 {
        self.memory_kib("VmRSS:")
    }

    /// The most that it ever held, in KiB.
    pub fn peak_kib(&self) -> u64 {
        self.memory_kib("VmHWM:")
    }

    fn memory_kib(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.guard.0.id()));
        let status = status.unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.unwrap().trim().trim_end_matches(" kB");
        kib.parse().unwrap()
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        signal(name, &self.guard);
    }

    /// A call; the status and the body, or `None` where nobody answers.
    pub fn try_call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Option<(u16, Value)> {
        let (status, _, body) = self.try_answer(method, path, headers, body)?;
        Some((status, body))
    }

    /// The same with the headers of the answer.
    pub fn try_answer(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Option<(u16, HeaderMap, Value)> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(DEADLINE))
            .proxy(None)
            .build()
            .into();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = if body.is_null() {
            agent.run(request.body(()).unwrap())
        } else {
            let request = request.header("content-type", "application/json");
            agent.run(request.body(body.to_string()).unwrap())
        };
        let mut answer = answer.ok()?;
        let text = answer.body_mut().read_to_string().ok()?;
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Some((answer.status().as_u16(), answer.headers().clone(), json))
    }

    /// What it counts, as Prometheus reads it.
    pub fn metrics(&self) -> Metrics {
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        let answer = agent.get(format!("{}/metrics", self.url)).call();
        Metrics::read(&answer.unwrap().body_mut().read_to_string().unwrap())
    }

    /// A call that must be answered.
    pub fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> (u16, Value) {
        self.try_call(method, path, headers, body)
            .unwrap_or_else(|| panic!("nobody answers {path}"))
    }

    /// GET without a key.
    pub fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, &[], &Value::Null)
    }

    /// GET with the internal key.
    pub fn get_internal(&self, path: &str) -> (u16, Value) {
        self.call(
            Method::GET,
            path,
            &[("x-internal-api-key", INTERNAL_KEY)],
            &Value::Null,
        )
    }

    /// Kills it as `kill -9` does; what it said.
    pub fn kill(mut self) -> String {
        self.guard.0.kill().unwrap();
        self.guard.0.wait().unwrap();
        self.err.join().unwrap()
    }

    /// Asks it to stop (SIGTERM).
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Stops it; its exit code, and what it said.
    pub fn stop(mut self) -> (Option<i32>, String) {
        self.terminate();
        let code = self.guard.wait().code();
        (code, self.err.join().unwrap())
    }

    /// Waits until it has ended; its exit code.
    pub fn exit_code(mut self) -> Option<i32> {
        self.guard.wait().code()
    }
}

/// The arguments of `levain serve`, on a port of the system's choice.
pub fn serve_arguments(catalog: &Path, plugins: &Path, data: &Path) -> Vec<String> {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (catalog, plugins, data) = (text(catalog), text(plugins), text(data));
    let flags = [
        ("--listen", "127.0.0.1:0".to_owned()),
        ("--catalog", catalog),
        ("--plugins", plugins),
        ("--data-dir", data),
        ("--internal-api-key", INTERNAL_KEY.to_owned()),
        ("--admin-api-key", ADMIN_KEY.to_owned()),
        ("--log-format", "json".to_owned()),
    ];
    let flags = flags
        .into_iter()
        .flat_map(|(flag, value)| [flag.to_owned(), value]);
    std::iter::once("serve".to_owned()).chain(flags).collect()
}

/// Copies a directory and what is in it.
pub fn copy(from: &Path, to: &Path) -> PathBuf {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
    to.to_owned()
}

/// Reads to the end beside the test: a full pipe would stop the process.
fn drain(mut pipe: impl std::io::Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    })
}

/// Reads to the end beside the test, and keeps what there is so far where it can be looked at.
fn follow(
    pipe: impl std::io::Read + Send + 'static,
    log: Arc<Mutex<String>>,
) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut lines = BufReader::new(pipe).lines();
        while let Some(Ok(line)) = lines.next() {
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
        log.lock().unwrap().clone()
    })
}
