//! The parts of the API's responses that are shown. Objects keep the host's order, which is the catalog's. An absent
//! field has a default, so that hosts of other versions can be read.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Session {
    pub(super) session_id: String,
    pub(super) demo_account_type: String,
    pub(super) virtual_tenant_id: Option<String>,
    pub(super) status: String,
    pub(super) created_at: Option<String>,
    pub(super) expires_at: Option<String>,
    pub(super) duration_ms: Option<f64>,
    pub(super) credentials: Option<Credentials>,
    pub(super) children: Vec<Child>,
    pub(super) services: IndexMap<String, IndexMap<String, Service>>,
    pub(super) triggers: IndexMap<String, IndexMap<String, Trigger>>,
    pub(super) records_total: Option<u64>,
    pub(super) alerts: Option<Counts>,
    pub(super) insights: Option<Counts>,
    pub(super) error: Option<Value>,
}

impl Session {
    /// Records of all domains of all tenants, including those of triggers.
    pub(super) fn records(&self) -> u64 {
        if let Some(total) = self.records_total {
            return total;
        }
        self.services
            .values()
            .flat_map(IndexMap::values)
            .map(Service::records)
            .sum()
    }

    /// The name of a tenant: the account for the account's own, else the outlet's name.
    pub(super) fn tenant_name<'a>(&'a self, tenant_id: &'a str) -> &'a str {
        if self.virtual_tenant_id.as_deref() == Some(tenant_id) {
            return &self.demo_account_type;
        }
        self.children
            .iter()
            .find(|child| child.virtual_tenant_id == tenant_id)
            .map_or(tenant_id, |child| child.name.as_str())
    }

    pub(super) fn outlet_name<'a>(&'a self, outlet: &'a str) -> &'a str {
        self.children
            .iter()
            .find(|child| child.outlet == outlet)
            .map_or(outlet, |child| child.name.as_str())
    }

    /// Whether the session has no triggers.
    pub(super) fn has_no_triggers(&self) -> bool {
        self.triggers.values().all(IndexMap::is_empty)
    }
}

/// The numbers of one kind of product.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    pub(super) total: u64,
    pub(super) open: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Trigger {
    pub(super) phase: String,
    pub(super) status: String,
    pub(super) records: u64,
    pub(super) duration_ms: Option<f64>,
    pub(super) content_digest: Option<String>,
    pub(super) error: Option<Value>,
    pub(super) reason: Option<String>,
}

impl Trigger {
    /// Why it failed or was skipped, in a line; a disabled trigger is not a failure.
    pub(super) fn failure(&self) -> Option<String> {
        let skipped = self.reason.as_ref().filter(|_| self.status == "skipped");
        let skipped = skipped.map(|reason| format!("skipped: {reason}"));
        self.error.as_ref().map(error_line).or(skipped)
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Credentials {
    pub(super) email: String,
    pub(super) name: String,
    pub(super) access_token: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Child {
    pub(super) outlet: String,
    pub(super) name: String,
    pub(super) virtual_tenant_id: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Service {
    pub(super) status: String,
    pub(super) records_cloned: IndexMap<String, u64>,
    pub(super) duration_ms: Option<f64>,
    pub(super) content_digest: Option<String>,
    pub(super) error: Option<Value>,
}

impl Service {
    pub(super) fn records(&self) -> u64 {
        let total = self.records_cloned.get("total").copied();
        total.unwrap_or_else(|| self.records_cloned.values().sum())
    }

    /// Why it failed, in a line.
    pub(super) fn failure(&self) -> Option<String> {
        self.error.as_ref().map(error_line)
    }
}

/// An error of the API: a text, or an object with a code and a message.
pub(super) fn error_line(error: &Value) -> String {
    let text = |name: &str| error.get(name).and_then(Value::as_str);
    match (error.as_str(), text("code"), text("message")) {
        (Some(whole), _, _) => whole.to_owned(),
        (_, Some(code), Some(message)) => format!("{message} [{code}]"),
        (_, None, Some(message)) => message.to_owned(),
        _ => error.to_string(),
    }
}

/// The progress of a session: its domains and its triggers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) status: String,
    /// Steps that ended, with or without success.
    pub(super) done: u64,
    /// Steps in all.
    pub(super) total: u64,
}

impl Progress {
    /// Reads a response about a session's status: counts every object in it that has the status of a
    /// domain or a trigger, grouped by tenant or not.
    pub(super) fn of(response: &Value) -> Self {
        let mut progress = Self {
            status: response
                .get("status")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            ..Self::default()
        };
        if let Value::Object(fields) = response {
            for (name, field) in fields {
                if name != "status" {
                    progress.count(field);
                }
            }
        }
        progress
    }

    fn count(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                match fields.get("status").and_then(Value::as_str) {
                    Some("completed" | "failed" | "skipped" | "disabled") => {
                        self.done += 1;
                        self.total += 1;
                        return;
                    }
                    Some("pending" | "cloning" | "running") => {
                        self.total += 1;
                        return;
                    }
                    _ => {}
                }
                for field in fields.values() {
                    self.count(field);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.count(item);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn progress_counts_domains_in_any_layout() {
        let by_tenant = json!({
            "status": "CLONING", "phase": "cloning",
            "progress": { "t1": { "lending": { "status": "completed" }, "shelving": { "status": "cloning" } } }
        });
        let expected = Progress {
            status: "CLONING".to_owned(),
            done: 1,
            total: 2,
        };
        assert_eq!(Progress::of(&by_tenant), expected);
        let listed = json!({
            "status": "CLONING",
            "domains": [{ "domain": "lending", "status": "failed" }, { "domain": "shelving", "status": "pending" }]
        });
        assert_eq!(Progress::of(&listed), expected);
    }

    #[test]
    fn error_is_one_line() {
        assert_eq!(error_line(&json!("no")), "no");
        assert_eq!(
            error_line(&json!({ "code": "timeout", "message": "too slow" })),
            "too slow [timeout]"
        );
    }
}
