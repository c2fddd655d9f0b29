//! How many bytes the records of one session may have, all of its domains and outlets together.
//!
//! A call alone is bounded by the sandbox; an account of many outlets makes a hundred calls. What is too much is
//! refused as it comes, so that no session holds more than its share of the host, and whoever has the most is refused,
//! so that a domain without measure costs none of the others.

use std::collections::{BTreeMap, BTreeSet};

use levain_model::Failure;

/// What is left of a session's budget, and who has how much of it.
pub(in crate::sessions) struct Budget {
    /// What the session may have in all.
    session: u64,
    /// Bytes that cannot be given up here.
    spent: u64,
    held: BTreeMap<String, u64>,
    given_up: BTreeSet<String>,
}

/// A domain, or a trigger, that is given up, with all that it has.
pub(in crate::sessions) struct Exceeded {
    pub(in crate::sessions) name: String,
    pub(in crate::sessions) error: Failure,
}

impl Budget {
    /// Of a session that may have `session` bytes and has `spent` of them already.
    pub(in crate::sessions) fn new(session: u64, spent: u64) -> Self {
        Self {
            session,
            spent,
            held: BTreeMap::new(),
            given_up: BTreeSet::new(),
        }
    }

    /// Adds what came of a domain or a trigger for one tenant. Past the budget the one with the most is given up, this
    /// one or another, with everything that comes of it later.
    pub(in crate::sessions) fn add(&mut self, name: &str, bytes: u64) -> Result<(), Exceeded> {
        let held = self.held.entry(name.to_owned()).or_default();
        *held = held.saturating_add(bytes);
        if self.given_up.contains(name) {
            let used = *held;
            return Err(self.exceeded(name.to_owned(), used));
        }
        let in_budget = self
            .held
            .iter()
            .filter(|(name, _)| !self.given_up.contains(*name));
        let total: u64 = in_budget.clone().map(|(_, bytes)| bytes).sum();
        if self.spent.saturating_add(total) <= self.session {
            return Ok(());
        }
        // Without it there is at least as much room as before.
        let most = in_budget.max_by_key(|(_, bytes)| **bytes);
        let (most, used) = most.map_or((name.to_owned(), bytes), |(most, used)| {
            (most.clone(), *used)
        });
        self.given_up.insert(most.clone());
        Err(self.exceeded(most, used))
    }

    /// Whether all that comes of it is given up.
    pub(in crate::sessions) fn has_given_up(&self, name: &str) -> bool {
        self.given_up.contains(name)
    }

    fn exceeded(&self, name: String, used: u64) -> Exceeded {
        let error = too_much(&name, used, self.session);
        Exceeded { name, error }
    }
}

/// The failure of a domain, or a trigger, that has the most of a session that has too much.
pub(in crate::sessions) fn too_much(name: &str, used: u64, allowed: u64) -> Failure {
    let message = format!(
        "the session has more than the {allowed} bytes of records that it may have, and `{name}` has the most of them, \
         {used}; return fewer or smaller records, or raise session_output_mib"
    );
    Failure::new("session_output_limit", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given_up(budget: &mut Budget, name: &str, bytes: u64) -> Option<String> {
        budget.add(name, bytes).err().map(|exceeded| exceeded.name)
    }

    #[test]
    fn whoever_has_the_most_is_given_up_and_the_others_are_kept() {
        let mut budget = Budget::new(110, 10);
        assert_eq!(given_up(&mut budget, "a", 30), None);
        assert_eq!(given_up(&mut budget, "hog", 25), None);
        assert_eq!(given_up(&mut budget, "hog", 25), None);
        assert_eq!(given_up(&mut budget, "b", 21), Some("hog".to_owned()));
        assert!(budget.has_given_up("hog") && !budget.has_given_up("b"));
        // There is room again, for others.
        assert_eq!(given_up(&mut budget, "hog", 1), Some("hog".to_owned()));
        assert_eq!(given_up(&mut budget, "c", 49), None);
        assert_eq!(given_up(&mut budget, "d", 1), Some("c".to_owned()));
    }

    #[test]
    fn a_failure_names_who_how_much_and_what_to_change() {
        let mut budget = Budget::new(100, 0);
        let error = budget.add("hog", 101).err().unwrap().error;
        assert_eq!(error.code, "session_output_limit");
        for said in ["`hog`", "101", "100 bytes", "session_output_mib"] {
            assert!(error.message.contains(said), "{}", error.message);
        }
    }
}
