//! Puts the settings together: default, then file, then variable, then flag, each over the last.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::file;
use super::settings::{Kind, SETTINGS, Setting, SettingDefault, setting};
use super::{Config, ConfigError};
use levain_store::failpoint;

/// The variable that names the configuration file.
const CONFIG_VARIABLE: &str = "LEVAIN_CONFIG";

/// Variables of ours that are no settings of the host.
const OTHER_VARIABLES: [&str; 3] = [CONFIG_VARIABLE, "LEVAIN_URL", failpoint::VARIABLE];

/// Variables that begin so are ours: one that is unknown was misspelt.
const OUR_PREFIXES: [&str; 3] = ["LEVAIN_", "DEMO_SESSION_", "ENABLE_DEMO_"];

/// Where settings come from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Flags that were given, by key.
    pub flags: BTreeMap<&'static str, String>,
    /// The environment.
    pub variables: BTreeMap<String, String>,
    /// The configuration file, where a flag named one.
    pub file: Option<PathBuf>,
}

impl Sources {
    /// No flag, no file, and the environment of this process.
    #[must_use]
    pub fn from_environment() -> Self {
        Self {
            variables: std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
            ..Self::default()
        }
    }

    /// Adds a flag by its setting's key; a key that is no setting changes nothing.
    #[must_use]
    pub fn with_flag(mut self, key: &'static str, text: impl Into<String>) -> Self {
        self.flags.insert(key, text.into());
        self
    }

    /// Resolves every setting.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] lists every wrong value and unknown name at once, in whichever
    /// source it is, even if a higher one overrides it.
    pub fn resolve(&self) -> Result<Config, ConfigError> {
        let mut resolution = Resolution {
            config: Config::blank(),
            faults: Vec::new(),
        };
        for setting in SETTINGS {
            if let SettingDefault::Text(text) = setting.default {
                resolution.set(setting, text, "the default");
            }
        }
        // An empty variable is one that is not set: that is how most launchers unset one.
        let variable = |name: &str| self.variables.get(name).filter(|text| !text.is_empty());
        if let Some(file) = self
            .file
            .clone()
            .or_else(|| variable(CONFIG_VARIABLE).map(PathBuf::from))
        {
            resolution.read_file(&file)?;
        }
        for setting in SETTINGS {
            let names = [setting.other_variable, Some(setting.variable)];
            for name in names.into_iter().flatten() {
                if let Some(text) = variable(name) {
                    resolution.set(setting, text, &format!("the variable {name}"));
                }
            }
        }
        resolution.refuse_unknown_variables(self.variables.keys());
        for setting in SETTINGS {
            if let Some(text) = self.flags.get(setting.key) {
                resolution.set(setting, text, &format!("--{}", setting.flag()));
            }
        }
        resolution.refuse_half_a_webhook();
        resolution.refuse_no_room_for_a_session();
        if resolution.faults.is_empty() {
            Ok(resolution.config)
        } else {
            Err(ConfigError::Invalid {
                faults: resolution.faults,
            })
        }
    }
}

struct Resolution {
    config: Config,
    faults: Vec<String>,
}

impl Resolution {
    fn set(&mut self, setting: &Setting, text: &str, source: &str) {
        if let Err(reason) = (setting.set)(&mut self.config, text) {
            self.faults.push(match setting.kind {
                Kind::Secret(_) => format!("{source}: the value {reason}"),
                Kind::Plain(_) | Kind::Path(_) => format!("{source}: `{text}` {reason}"),
            });
        }
    }

    fn read_file(&mut self, file: &Path) -> Result<(), ConfigError> {
        for value in file::read(file)? {
            let source = format!("`{}` in {}", value.key, file.display());
            let Some(setting) = setting(&value.key) else {
                let known = SETTINGS.iter().map(|setting| setting.key);
                self.faults
                    .push(unknown("setting", &source, &value.key, known));
                continue;
            };
            match value.text {
                None => self
                    .faults
                    .push(format!("{source}: a text or a number is wanted")),
                Some(text) if matches!(setting.kind, Kind::Path(_)) && !text.is_empty() => {
                    let directory = file.parent().unwrap_or(Path::new(""));
                    let path = directory.join(text);
                    self.set(setting, &path.to_string_lossy(), &source);
                }
                Some(text) => self.set(setting, &text, &source),
            }
        }
        Ok(())
    }

    /// An unsigned message would prove nothing to its receiver, so URL and secret go together.
    fn refuse_half_a_webhook(&mut self) {
        let half = match (&self.config.webhook_url, &self.config.webhook_secret) {
            (Some(_), None) => {
                "webhook_url is set and webhook_secret is not: what is sent could not be signed; set LEVAIN_WEBHOOK_SECRET to whsec_ and the base64 of 24 to 64 random bytes, such as whsec_$(openssl rand -base64 32)"
            }
            (None, Some(_)) => {
                "webhook_secret is set and webhook_url is not: there is nothing to sign; set LEVAIN_WEBHOOK_URL, or leave both out"
            }
            _ => return,
        };
        self.faults.push(half.to_owned());
    }

    /// A clone begins with its session's whole budget, or not at all.
    fn refuse_no_room_for_a_session(&mut self) {
        let Config {
            session_output_mib: session,
            clones_output_mib: all,
            ..
        } = self.config;
        if session > all {
            self.faults.push(format!(
                "session_output_mib is {session} and clones_output_mib {all}: not one session could be created; raise clones_output_mib to {session} for each of clones_under_way"
            ));
        }
    }

    fn refuse_unknown_variables<'a>(&mut self, names: impl Iterator<Item = &'a String>) {
        let known = || {
            SETTINGS
                .iter()
                .flat_map(|setting| [Some(setting.variable), setting.other_variable])
                .flatten()
                .chain(OTHER_VARIABLES)
        };
        for name in names {
            let ours = OUR_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
            if ours && !known().any(|known| known == name) {
                let source = format!("the variable {name}");
                self.faults.push(unknown("setting", &source, name, known()));
            }
        }
    }
}

/// Says that a name is unknown, and which known one is nearest.
fn unknown<'a>(
    what: &str,
    source: &str,
    name: &str,
    known: impl Iterator<Item = &'a str>,
) -> String {
    let nearest = known
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((_, nearest)) => {
            format!("{source}: unknown {what}; the nearest known one is `{nearest}`")
        }
        None => format!("{source}: unknown {what}"),
    }
}

#[cfg(test)]
mod tests {

    use std::time::Duration;

    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Sources {
        Sources {
            variables: pairs
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect(),
            ..Sources::default()
        }
    }

    fn faults(sources: &Sources) -> Vec<String> {
        match sources.resolve() {
            Err(ConfigError::Invalid { faults }) => faults,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let config = Sources::default().resolve().unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8018");
        assert_eq!(config.session_duration, Duration::from_secs(1800));
        assert!(config.internal_api_key.is_none());
        assert!(config.clone_workers > 0);
    }

    #[test]
    fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("levain.toml");
        let text = "session_duration_minutes = 1\ncatalog = \"c.toml\"\n[sandbox]\nrecords = 1\nlog_kib = 1\n";
        std::fs::write(&file, text).unwrap();
        let mut sources = variables(&[
            ("DEMO_SESSION_DURATION_MINUTES", "2"),
            ("LEVAIN_SANDBOX_RECORDS", "2"),
            ("LEVAIN_LISTEN", ""),
            ("SHELL", "/bin/sh"),
        ])
        .with_flag("session_duration_minutes", "3");
        sources.file = Some(file);
        let config = sources.resolve().unwrap();
        assert_eq!(config.session_duration, Duration::from_secs(180));
        assert_eq!(config.sandbox.records, 2);
        assert_eq!(config.sandbox.log_kib, 1);
        assert_eq!(config.sandbox.stack_kib, 512);
        assert_eq!(config.listen.port(), 8018);
        // Paths in the file are relative to the file.
        assert_eq!(config.catalog, directory.path().join("c.toml"));
    }

    #[test]
    fn every_wrong_value_is_told_at_once_with_its_source() {
        let sources = variables(&[
            ("DEMO_SESSION_DURATION_MINUTES", "soon"),
            ("INTERNAL_API_KEY", "hush"),
        ])
        .with_flag("listen", "here");
        assert_eq!(
            faults(&sources),
            [
                "the variable DEMO_SESSION_DURATION_MINUTES: `soon` is not a whole number from 1 to 525600",
                "the variable INTERNAL_API_KEY: the value is not a key: 16 or more visible ASCII characters without spaces",
                "--listen: `here` is not an address and port such as 127.0.0.1:8018",
            ]
        );
    }

    #[test]
    fn clones_without_room_for_a_session_are_refused() {
        let flags = Sources::default()
            .with_flag("session_output_mib", "33")
            .with_flag("clones_output_mib", "32");
        let refusal = flags.resolve().unwrap_err().to_string();
        assert!(
            refusal.contains("raise clones_output_mib to 33"),
            "{refusal}"
        );
    }

    #[test]
    fn half_a_webhook_is_refused_in_words() {
        let url = ("LEVAIN_WEBHOOK_URL", "https://ops.example.org/hook");
        let secret = (
            "LEVAIN_WEBHOOK_SECRET",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        );
        assert!(
            variables(&[url, secret])
                .resolve()
                .unwrap()
                .webhook()
                .is_some()
        );
        for (half, missing) in [
            (url, "set LEVAIN_WEBHOOK_SECRET to whsec_"),
            (secret, "set LEVAIN_WEBHOOK_URL"),
        ] {
            let faults = faults(&variables(&[half]));
            assert!(
                faults.len() == 1 && faults[0].contains(missing),
                "{faults:?}"
            );
        }
        assert!(variables(&[]).resolve().unwrap().webhook().is_none());
    }

    #[test]
    fn the_variables_of_others_are_left_alone() {
        let sources = variables(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
            ("OTEL_SERVICE_NAME", "demo"),
            ("REDIS_SERVICE_HOST", "10.0.0.1"),
        ]);
        assert!(sources.resolve().unwrap().mirror().is_none());
    }

    #[test]
    fn an_unknown_variable_of_ours_names_the_nearest() {
        let sources = variables(&[("DEMO_SESSION_DURATION_MINUTE", "5"), ("OTHER", "5")]);
        assert_eq!(
            faults(&sources),
            [
                "the variable DEMO_SESSION_DURATION_MINUTE: unknown setting; the nearest known one is `DEMO_SESSION_DURATION_MINUTES`"
            ]
        );
    }

    #[test]
    fn what_is_raised_after_cloning_can_be_switched_off() {
        let config = Sources::default().resolve().unwrap();
        assert!(config.alert_generation && config.insight_generation);
        let sources = variables(&[
            ("ENABLE_DEMO_ALERT_GENERATION", "off"),
            ("ENABLE_DEMO_AI_INSIGHTS", "false"),
        ]);
        let config = sources.resolve().unwrap();
        assert!(!config.alert_generation && !config.insight_generation);
        let flagged = sources.with_flag("enable_demo_ai_insights", "true");
        assert!(flagged.resolve().unwrap().insight_generation);

        let wrong = variables(&[
            ("ENABLE_DEMO_AI_INSIGHTS", "maybe"),
            ("ENABLE_DEMO_ALERTS", "0"),
        ]);
        assert_eq!(
            faults(&wrong),
            [
                "the variable ENABLE_DEMO_AI_INSIGHTS: `maybe` is neither true (yes, on, 1) nor false (no, off, 0)",
                "the variable ENABLE_DEMO_ALERTS: unknown setting; the nearest known one is `ENABLE_DEMO_ALERT_GENERATION`",
            ]
        );
    }

    #[test]
    fn an_unknown_key_of_the_file_names_the_nearest() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("levain.toml");
        std::fs::write(&file, "listn = \"x\"\nlisten = []\n[sandbox]\nrecord = 1\n").unwrap();
        let mut sources = variables(&[]);
        sources.file = Some(file);
        let faults = faults(&sources);
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults.iter().any(|f| f.ends_with("is `listen`")));
        assert!(faults.iter().any(|f| f.ends_with("is `sandbox.records`")));
    }

    #[test]
    fn our_log_variable_beats_the_common_one() {
        let both = variables(&[("RUST_LOG", "warn"), ("LEVAIN_LOG", "debug")]);
        assert_eq!(both.resolve().unwrap().log, "debug");
        let common = variables(&[("RUST_LOG", "warn")]);
        assert_eq!(common.resolve().unwrap().log, "warn");
    }

    #[test]
    fn a_missing_file_is_an_error() {
        let sources = variables(&[("LEVAIN_CONFIG", "/nowhere/levain.toml")]);
        assert!(matches!(
            sources.resolve(),
            Err(ConfigError::Unreadable { .. })
        ));
    }
}
