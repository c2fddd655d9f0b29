//! Whether the environment asks for spans, and what of it the library does not read.
//! Source: OpenTelemetry, "Environment Variable Specification" and "OTLP Exporter Configuration".

use std::time::Duration;

use super::error::TracesError;

/// The default timeout of the collector.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// How long the collector may take for one post of spans.
    pub(super) timeout: Duration,
    /// Whether the environment names the service.
    pub(super) named: bool,
}

impl Wanted {
    /// Reads the environment; `None` where no spans are wanted.
    pub(super) fn read(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, TracesError> {
        // An empty variable is one that is not set.
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let of_traces = |rest: &str| {
            set(&format!("OTEL_EXPORTER_OTLP_TRACES_{rest}"))
                .or_else(|| set(&format!("OTEL_EXPORTER_OTLP_{rest}")))
        };
        let disabled =
            set("OTEL_SDK_DISABLED").is_some_and(|said| said.eq_ignore_ascii_case("true"));
        if disabled || of_traces("ENDPOINT").is_none() {
            return Ok(None);
        }
        match set("OTEL_TRACES_EXPORTER").as_deref() {
            None | Some("otlp") => {}
            Some("none") => return Ok(None),
            Some(other) => {
                return Err(TracesError::Unsupported {
                    variable: "OTEL_TRACES_EXPORTER",
                    value: other.to_owned(),
                    known: "otlp or none, which is what this host exports",
                });
            }
        }
        match of_traces("PROTOCOL").as_deref() {
            None | Some("http/protobuf") => {}
            Some(other) => {
                return Err(TracesError::Unsupported {
                    variable: "OTEL_EXPORTER_OTLP_PROTOCOL",
                    value: other.to_owned(),
                    known: "http/protobuf, which is what this host speaks (a collector listens for it on port 4318)",
                });
            }
        }
        let named = set("OTEL_SERVICE_NAME").is_some()
            || set("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|all| {
                all.split(',')
                    .any(|one| one.trim().starts_with("service.name="))
            });
        // In milliseconds.
        let timeout = of_traces("TIMEOUT").and_then(|text| text.parse().ok());
        Ok(Some(Self {
            timeout: timeout.map_or(TIMEOUT, Duration::from_millis),
            named,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318");

    fn read(variables: &[(&str, &str)]) -> Result<Option<Wanted>, String> {
        Wanted::read(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
        .map_err(|error| error.to_string())
    }

    #[test]
    fn spans_are_wanted_where_a_collector_is_named() {
        let plain = Wanted {
            timeout: TIMEOUT,
            named: false,
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]), Ok(None));
        assert_eq!(read(&[ENDPOINT]), Ok(Some(plain)));
        let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/v1/traces");
        assert!(read(&[own]).unwrap().is_some());
        for off in [
            ("OTEL_SDK_DISABLED", "true"),
            ("OTEL_TRACES_EXPORTER", "none"),
        ] {
            assert_eq!(read(&[ENDPOINT, off]), Ok(None));
        }
    }

    #[test]
    fn a_name_and_a_timeout_of_others_are_heeded() {
        for name in [
            ("OTEL_SERVICE_NAME", "demo"),
            ("OTEL_RESOURCE_ATTRIBUTES", "a=b, service.name=demo"),
        ] {
            assert!(read(&[ENDPOINT, name]).unwrap().unwrap().named);
        }
        let timeouts = [
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "100"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "250"),
        ];
        let wanted = read(&[ENDPOINT, timeouts[0], timeouts[1]])
            .unwrap()
            .unwrap();
        assert_eq!(wanted.timeout, Duration::from_millis(250));
    }

    #[test]
    fn what_cannot_be_done_is_refused_in_words() {
        let grpc = read(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]).unwrap_err();
        assert!(grpc.contains("`grpc` is not http/protobuf"), "{grpc}");
        let zipkin = read(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "zipkin")]).unwrap_err();
        assert!(zipkin.contains("`zipkin` is not otlp or none"), "{zipkin}");
    }
}
