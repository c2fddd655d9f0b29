//! Creates the session of a trial, as often as the host asks to try again.

use std::time::{Duration, Instant};

use serde_json::json;
use ureq::http::Method;

use super::answers::Session;
use super::course::Course;
use crate::cli::client::{Answer, Call};
use crate::cli::failure::Failure;
use crate::cli::problem::Problem;

/// How long a host may ask to come back later before it counts as one that does not answer.
const PATIENCE: Duration = Duration::from_secs(300);

/// What became of the wish for a session.
pub(super) enum Created {
    /// It is there.
    Session(Box<Session>),
    /// It is not; whether it left a session behind, and why.
    Failed {
        session_id: Option<String>,
        why: String,
    },
}

impl Course<'_> {
    /// Creates a session at the fixed data clock; how long the creation itself took, without the waits
    /// that a busy host asked for.
    pub(super) fn create(&self) -> Result<(Created, Duration), Failure> {
        let begun = Instant::now();
        loop {
            let asked = Instant::now();
            let answer = self.ask();
            let took = asked.elapsed();
            let failure = match answer {
                Ok(answer) => return Ok((Created::Session(Box::new(answer.read()?)), took)),
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
                // What fails for one fails for all: a wrong key, an account that the host has not.
                _ if matches!(problem.status, 400..=499) => return Err(failure),
                _ => {
                    let (session_id, why) = (problem.session_id.clone(), problem.to_string());
                    return Ok((Created::Failed { session_id, why }, took));
                }
            }
        }
    }

    fn ask(&self) -> Result<Answer, Failure> {
        let mut call = Call::new(Method::POST, "/api/demo/sessions").with_key(Some(self.key));
        call.body = Some(json!({
            "demo_account_type": self.account.slug,
            "session_created_at": self.instant,
        }));
        self.client.call(call)
    }
}
