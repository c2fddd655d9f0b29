//! Owns the export of spans to a collector (OTLP, http/protobuf), where the standard variables name one.
//!
//! Never: what a span is about. The rooms say that with `tracing`.
//!
//! The variables are OpenTelemetry's own and mean what its specification says: the library reads
//! endpoint, headers, timeout, sampler, batches and resource from them.

mod client;
mod error;
mod wanted;

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter};
use opentelemetry_otlp::{WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use self::client::CollectorClient;
pub use self::error::TracesError;
use self::wanted::Wanted;

/// The default service name.
const SERVICE: &str = "levain";

/// How long the last spans may take when the host stops.
const LAST_SPANS: Duration = Duration::from_secs(5);

/// The export of spans; the last of them are sent when this is dropped.
#[derive(Debug, Default)]
pub struct Traces {
    provider: Option<SdkTracerProvider>,
}

impl Traces {
    /// Starts the export where the environment asks for it. It runs on a thread of its own: a
    /// collector that is slow or gone costs its spans and a warning.
    ///
    /// # Errors
    /// [`TracesError`] where the environment asks for what cannot be done.
    pub fn from_environment() -> Result<Self, TracesError> {
        let Some(wanted) = Wanted::read(|name| std::env::var(name).ok())? else {
            return Ok(Self::default());
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_http_client(CollectorClient::new(wanted.timeout))
            .build()
            .map_err(TracesError::Exporter)?;
        let mut resource = Resource::builder()
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        if !wanted.named {
            resource = resource.with_service_name(SERVICE);
        }
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource.build())
            .build();
        Ok(Self {
            provider: Some(provider),
        })
    }

    /// The layer that exports the host's spans; `None` if the environment names no collector.
    pub fn layer<S>(&self) -> Option<impl Layer<S> + use<S>>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let provider = self.provider.as_ref()?;
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false);
        // Independent of the log's filter.
        let ours = Targets::new().with_target(SERVICE, LevelFilter::INFO);
        Some(layer.with_filter(ours))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Some(provider) = &self.provider
            && let Err(error) = provider.shutdown_with_timeout(LAST_SPANS)
        {
            tracing::warn!(%error, "the last spans were not exported");
        }
    }
}

/// Makes a new span of the trace that the current one is in. It is not below it: a span lasts as long
/// as those below it do, and what a request begins may outlive its answer.
pub fn continue_current(span: &Span) {
    // Where spans are not exported there is nothing to continue.
    let _ = span.set_parent(Span::current().context());
}
