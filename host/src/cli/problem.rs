//! The host's refusals (RFC 9457), as sentences.

use levain_model::fault::Fault;
use serde::Deserialize;
use serde_json::Value;
use ureq::http::StatusCode;

/// A refusal: `application/problem+json`.
#[derive(Debug, Clone, Default, Deserialize, thiserror::Error)]
#[serde(default)]
#[error("{}", self.sentence())]
pub(super) struct Problem {
    pub(super) status: u16,
    title: String,
    detail: Option<String>,
    code: Option<String>,
    /// The command that would help.
    pub(super) hint: Option<String>,
    /// After how many seconds the same call may succeed, where the host says so.
    #[serde(skip)]
    pub(super) retry_after: Option<u64>,
    /// The session that it is about, where there is one.
    pub(super) session_id: Option<String>,
    #[serde(alias = "errors")]
    faults: Vec<Value>,
    /// Faults that the host counted and did not list.
    further_errors: u64,
}

impl Problem {
    /// Reads a refusal; a body of another form still has its status.
    pub(super) fn read(text: &str, status: StatusCode, retry_after: Option<u64>) -> Self {
        let mut problem: Self = serde_json::from_str(text).unwrap_or_default();
        problem.status = status.as_u16();
        problem.retry_after = retry_after;
        if problem.title.is_empty() {
            problem.title = format!("the host answered {status}");
        }
        problem
    }

    fn sentence(&self) -> String {
        // The title says of every problem of its kind what the detail says of this one.
        let sentence = self.detail.as_ref().unwrap_or(&self.title);
        match &self.code {
            Some(code) => format!("{sentence} [{code}]"),
            None => sentence.clone(),
        }
    }

    /// One line per fault: where, and what; none where the sentence says it all.
    pub(super) fn lines(&self) -> Vec<String> {
        match self.faults.as_slice() {
            [only]
                if self.detail.is_some()
                    && only.get("detail").and_then(Value::as_str) == self.detail.as_deref() =>
            {
                Vec::new()
            }
            faults => {
                let further = self.further_errors;
                let further = (further > 0).then(|| format!("and {further} more faults"));
                faults.iter().map(fault_line).chain(further).collect()
            }
        }
    }
}

fn fault_line(fault: &Value) -> String {
    if let Ok(fault) = serde_json::from_value::<Fault>(fault.clone()) {
        return fault.to_string();
    }
    let text = |name: &str| fault.get(name).and_then(Value::as_str);
    let what = text("detail").or_else(|| text("message"));
    match (text("pointer"), what) {
        (Some(pointer), Some(what)) if !pointer.is_empty() => format!("{pointer}: {what}"),
        (_, Some(what)) => what.to_owned(),
        _ => fault.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_detail_code_and_faults() {
        let problem: Problem = serde_json::from_str(
            r#"{"type":"about:blank","title":"Bad request","status":400,"detail":"two faults",
                "code":"invalid_body","errors":[{"pointer":"/x","detail":"is unknown"},
                {"source":"shelving.book","pointer":"/0","rule":"schema","message":"no title"}]}"#,
        )
        .unwrap();
        assert_eq!(problem.to_string(), "two faults [invalid_body]");
        assert_eq!(
            problem.lines(),
            ["/x: is unknown", "shelving.book#/0: [schema] no title"]
        );
    }
}
