//! `cargo xtask demo`: everything that a first session needs, and the session.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args as ClapArgs;

use crate::{plugins, server, workspace};

/// How long the host may take to start: it compiles every plugin.
const START: Duration = Duration::from_secs(120);
/// How long the host may take to stop.
const STOP: Duration = Duration::from_secs(90);

/// Builds the plugins and the host, starts it and creates a session.
#[derive(ClapArgs)]
pub struct Args {
    /// Stop after the session; exit 0 where it is READY
    #[arg(long)]
    once: bool,
    /// The account to demonstrate
    #[arg(long, default_value = "professional")]
    account: String,
    /// The store, as `levain serve` takes it: with PostgreSQL, postgres://user@server/database
    #[arg(
        long,
        value_name = "URL",
        env = "DEMO_SESSION_DATABASE_URL",
        hide_env_values = true
    )]
    database_url: Option<String>,
    /// Where to listen [default: 127.0.0.1:8018, with --once a free port]
    #[arg(long)]
    listen: Option<String>,
}

/// Runs the demo.
///
/// # Errors
///
/// Something does not build, the host does not start, or the session is not created.
pub fn run(args: &Args) -> Result<()> {
    plugins::build()?;
    workspace::run_cargo(&["build", "--package", "levain"])?;
    let target = workspace::target()?;
    let levain = target.join("debug").join("levain");
    // A demo that ends leaves nothing; one that goes on keeps its sessions over a restart.
    let data = if args.once {
        target.join(format!("demo-once-{}", std::process::id()))
    } else {
        target.join("demo")
    };
    let listen = args.listen.clone().unwrap_or_else(|| {
        if args.once {
            "127.0.0.1:0"
        } else {
            "127.0.0.1:8018"
        }
        .to_owned()
    });
    let mut host = Host::start(&levain, &data, &listen, args.database_url.as_deref())?;
    let outcome = present(&levain, &mut host, args);
    if args.once || outcome.is_err() {
        let stopped = host.stop();
        if args.once {
            std::fs::remove_dir_all(&data).with_context(|| format!("remove {}", data.display()))?;
        }
        outcome?;
        let status = stopped?;
        ensure!(status.success(), "the host did not stop cleanly: {status}");
    }
    Ok(())
}

fn present(levain: &Path, host: &mut Host, args: &Args) -> Result<()> {
    let created = Command::new(levain)
        .args(["session", "create", &args.account, "--url", &host.url])
        .stderr(Stdio::inherit())
        .output()
        .context("start `levain session create`")?;
    std::io::stdout().write_all(&created.stdout)?;
    ensure!(created.status.success(), "the session was not created");
    if args.once {
        // A file of its own goes as a whole; what others share must not keep the session.
        return match &args.database_url {
            Some(_) => delete(levain, host, &String::from_utf8_lossy(&created.stdout)),
            None => Ok(()),
        };
    }
    let url = &host.url;
    let account = &args.account;
    writeln!(
        std::io::stderr(),
        "\nserving on {url}, Ctrl-C stops it; try\n\
         \n  curl -s {url}/api/demo/accounts\
         \n  curl -s -X POST {url}/api/demo/sessions -H 'content-type: application/json' -d '{{\"demo_account_type\":\"{account}\"}}'\
         \n  curl -s {url}/openapi.json\n"
    )?;
    let status = host.child.wait().context("wait for the host")?;
    ensure!(status.success(), "the host stopped: {status}");
    Ok(())
}

/// Deletes the session that was just printed.
fn delete(levain: &Path, host: &Host, printed: &str) -> Result<()> {
    let session = printed
        .split_whitespace()
        .find(|word| word.starts_with("demo_"))
        .context("`levain session create` printed no session")?;
    writeln!(
        std::io::stderr(),
        "\nthe database is not the demo's own: its session is deleted"
    )?;
    let status = Command::new(levain)
        .args(["session", "delete", session, "--url", &host.url])
        .status()
        .context("start `levain session delete`")?;
    ensure!(
        status.success(),
        "the session {session} is still in the database"
    );
    Ok(())
}

/// A host that runs, and the address that it printed.
struct Host {
    child: Child,
    url: String,
}

impl Drop for Host {
    /// A host that is still there when the task fails would hold its address and its data.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // It can have ended meanwhile.
            let _ = self.child.kill().and_then(|()| self.child.wait());
        }
    }
}

impl Host {
    fn start(levain: &Path, data: &Path, listen: &str, database_url: Option<&str>) -> Result<Self> {
        let root = workspace::root()?;
        let mut command = Command::new(levain);
        // The host refuses a variable of its own that it does not know, and the tests' are not settings.
        for variable in server::VARIABLES {
            command.env_remove(variable);
        }
        if let Some(url) = database_url {
            // It may hold a password, which no list of processes is to show.
            command.env("DEMO_SESSION_DATABASE_URL", url);
        }
        let mut child = command
            .arg("serve")
            .args(["--listen", listen])
            .args([&PathBuf::from("--data-dir"), data])
            .args([
                &PathBuf::from("--catalog"),
                &root.join("fixtures/catalog.toml"),
            ])
            .args([
                &PathBuf::from("--plugins"),
                &workspace::target()?.join("plugins"),
            ])
            // What was just built is what is shown, whatever a store has of an earlier build.
            .args(["--replace-catalog", "true"])
            // Its keys go with its directory, and a server outlives both.
            .args(["--replace-keys", "true"])
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {}", levain.display()))?;
        let stdout = child
            .stdout
            .take()
            .context("the host has no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        // The one line on standard output says where it listens; the log goes elsewhere.
        let url = lines
            .next()
            .transpose()?
            .and_then(|line| line.strip_prefix("listening on ").map(str::to_owned));
        let Some(url) = url else {
            let status = child.wait()?;
            bail!("the host did not start: {status}; its reason stands above");
        };
        let host = Self { child, url };
        host.wait_until_ready()?;
        Ok(host)
    }

    fn wait_until_ready(&self) -> Result<()> {
        let address = self.url.trim_start_matches("http://");
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if std::net::TcpStream::connect(address).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!(
            "the host at {address} did not answer within {} s",
            START.as_secs()
        )
    }

    /// Asks the host to stop and waits for it to drain.
    fn stop(&mut self) -> Result<ExitStatus> {
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()?;
        ensure!(asked.success(), "the host could not be asked to stop");
        let deadline = Instant::now() + STOP;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.child.kill()?;
        bail!("the host did not stop within {} s", STOP.as_secs())
    }
}
