//! Creates the session of a trial, as often as the host asks to try again.

use std::time::{Duration, Instant};

use serde_json::json;
use ureq::http::Method;

use super::course::Course;
use super::responses::Session;
use crate::cli::client::{Call, Response};
use crate::cli::failure::Failure;
use crate::cli::problem::Problem;

/// How long a host may ask for a retry before the creation counts as failed.
const PATIENCE: Duration = Duration::from_secs(300);

/// The outcome of a creation.
pub(super) enum Created {
    Session(Box<Session>),
    /// With the session that it left, if any, and the reason.
    Failed {
        session_id: Option<String>,
        why: String,
    },
}

impl Course<'_> {
    /// Creates a session at the fixed data clock. The duration does not include the waits that a busy
    /// host asked for.
    pub(super) fn create(&self) -> Result<(Created, Duration), Failure> {
        let begun = Instant::now();
        loop {
            let asked = Instant::now();
            let response = self.ask();
            let took = asked.elapsed();
            let failure = match response {
                Ok(response) => return Ok((Created::Session(Box::new(response.read()?)), took)),
                Err(failure) => failure,
            };
            let Some(problem) = failure.cause::<Problem>() else {
                return Err(failure);
            };
            let seconds = problem
                .retry_after
                .filter(|_| matches!(problem.status, 429 | 503));
            match seconds {
                Some(seconds) if begun.elapsed() < PATIENCE && !self.interrupt.is_asked() => {
                    self.output.say(&format!(
                        "the host asks to come back in {seconds} s: {problem}"
                    ));
                    std::thread::sleep(Duration::from_secs(seconds.clamp(1, 60)));
                }
                // A wrong key or an unknown account fails every session.
                _ if matches!(problem.status, 400..=499) => return Err(failure),
                _ => {
                    let (session_id, why) = (problem.session_id.clone(), problem.to_string());
                    return Ok((Created::Failed { session_id, why }, took));
                }
            }
        }
    }

    fn ask(&self) -> Result<Response, Failure> {
        let mut call = Call::new(Method::POST, "/api/demo/sessions").with_key(Some(self.key));
        call.body = Some(json!({
            "demo_account_type": self.account.slug,
            "session_created_at": self.instant,
        }));
        self.client.call(call)
    }
}
