//! How spans are posted to the collector. It blocks: the exporter's thread is there for that.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

use crate::metrics;

/// The largest response that is read; those of collectors are short.
const LARGEST_ANSWER: u64 = 1 << 20;

/// Posts to the collector, and says once when it cannot, and once when it can again.
#[derive(Debug)]
pub(super) struct CollectorClient {
    agent: ureq::Agent,
    gone: AtomicBool,
}

impl CollectorClient {
    pub(super) fn new(timeout: Duration) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(timeout))
            .build();
        Self {
            agent: agent.into(),
            gone: AtomicBool::new(false),
        }
    }

    fn post(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
        let (parts, body) = request.into_parts();
        let answer = self
            .agent
            .run(Request::from_parts(parts, Vec::from(body)))?;
        let (parts, mut body) = answer.into_parts();
        let body = body.with_config().limit(LARGEST_ANSWER).read_to_vec()?;
        Ok(Response::from_parts(parts, Bytes::from(body)))
    }

    fn tell(&self, failure: Option<String>) {
        let was_gone = self.gone.swap(failure.is_some(), Ordering::Relaxed);
        match failure {
            Some(reason) => {
                metrics::traces_lost();
                if !was_gone {
                    tracing::warn!(reason, "the collector does not take spans; they are lost");
                }
            }
            None if was_gone => tracing::info!("the collector takes spans again"),
            None => {}
        }
    }
}

#[async_trait]
impl HttpClient for CollectorClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        match self.post(request) {
            Ok(answer) if answer.status().is_success() => {
                self.tell(None);
                Ok(answer)
            }
            Ok(answer) => {
                self.tell(Some(format!("it answered {}", answer.status())));
                Ok(answer)
            }
            Err(error) => {
                self.tell(Some(error.to_string()));
                Err(error.into())
            }
        }
    }
}
