//! `levain serve`: the flags are the table of settings, nothing else.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command};

use super::ending::Ending;
use super::failure::Failure;
use super::output::Output;
use crate::app;
use crate::config::{Config, ConfigError, SETTINGS, Setting, Sources};
use crate::keys::Keys;
use crate::logging;
use crate::traces::Traces;

/// The flags that were given, by setting.
#[derive(Debug, Clone)]
pub(super) struct ServeArguments {
    flags: Vec<(&'static str, String)>,
    file: Option<PathBuf>,
}

const FILE_ARGUMENT: &str = "config";

/// Serves until a signal stops it.
pub(super) fn run(arguments: &ServeArguments, output: &Output) -> Result<Ending, Failure> {
    let mut sources = Sources::from_environment();
    sources.file.clone_from(&arguments.file);
    sources.flags.extend(arguments.flags.iter().cloned());
    let config = sources.resolve().map_err(unresolved)?;
    // Dropping this sends the last spans, however the host ends.
    let traces = Traces::from_environment()?;
    logging::start(&config.log, config.log_format, &traces)?;
    let keys = config.key_settings().open().map_err(|error| {
        Failure::from(error).with_hint(
            "INTERNAL_API_KEY=$(openssl rand -hex 32) ADMIN_API_KEY=$(openssl rand -hex 32) levain serve ...",
        )
    })?;
    introduce(&config, &keys, output);
    app::serve(config)?;
    Ok(Ending::Well)
}

/// Prints new keys once; afterwards they are only in their files.
fn introduce(config: &Config, keys: &Keys, output: &Output) {
    for new in &keys.made {
        output.say(&format!(
            "{} API key (made now, kept in {}): {}",
            new.name,
            new.file.display(),
            new.key.reveal()
        ));
    }
    if !keys.made.is_empty() {
        output.hint(&format!(
            "levain session list --url {} --data-dir {}",
            url(config.listen),
            config.data_dir.display()
        ));
    }
}

fn url(listen: SocketAddr) -> String {
    format!("http://{listen}")
}

fn unresolved(error: ConfigError) -> Failure {
    Failure::from(error).with_hint("levain serve --help lists every setting")
}

impl clap::Args for ServeArguments {
    fn augment_args(command: Command) -> Command {
        SETTINGS
            .iter()
            .fold(command, |command, setting| command.arg(argument(setting)))
            .arg(
                Arg::new(FILE_ARGUMENT)
                    .long("config")
                    .value_name("FILE")
                    .value_parser(clap::value_parser!(PathBuf))
                    .help("Configuration file in TOML; its keys are the flags' names with underscores, limits in a table [sandbox] [variable: LEVAIN_CONFIG]"),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn argument(setting: &'static Setting) -> Arg {
    let help = format!(
        "{} [variable: {}] [default: {}]",
        setting.doc, setting.variable, setting.default
    );
    let argument = Arg::new(setting.key)
        .long(setting.flag())
        .value_name(setting.kind.placeholder())
        .help(help);
    if setting.key.starts_with("sandbox.") {
        argument.help_heading("Sandbox limits (the catalog can set them per domain)")
    } else {
        argument
    }
}

impl clap::FromArgMatches for ServeArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let flags = SETTINGS
            .iter()
            .filter_map(|setting| {
                let text = matches.get_one::<String>(setting.key)?;
                Some((setting.key, text.clone()))
            })
            .collect();
        Ok(Self {
            flags,
            file: matches.get_one::<PathBuf>(FILE_ARGUMENT).cloned(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {

    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    #[test]
    fn every_setting_is_a_flag() {
        let command = ServeArguments::augment_args(Command::new("serve"));
        let matches = command
            .try_get_matches_from(["serve", "--listen", "[::1]:1", "--sandbox-records", "7"])
            .unwrap();
        let arguments = ServeArguments::from_arg_matches(&matches).unwrap();
        assert_eq!(
            arguments.flags,
            [
                ("listen", "[::1]:1".to_owned()),
                ("sandbox.records", "7".to_owned())
            ]
        );
    }

    #[test]
    fn address_becomes_a_url() {
        assert_eq!(url("[::1]:8018".parse().unwrap()), "http://[::1]:8018");
    }
}
