//! Why spans are not exported.

use opentelemetry_otlp::ExporterBuildError;

/// Why spans cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// A variable asks for what this host does not do.
    #[error("the variable {variable}: `{value}` is not {known}")]
    Unsupported {
        /// The variable.
        variable: &'static str,
        /// What it says.
        value: String,
        /// What it may say.
        known: &'static str,
    },
    /// The exporter refuses its settings.
    #[error("the OTEL_ variables cannot be used")]
    Exporter(#[source] ExporterBuildError),
}
