//! Judges the observations of an account's sessions by its requirements.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::arguments::VerifyArguments;
use super::database::Database;
use super::observation::Observation;
use super::percentile::percentile;
use super::report::Judged;
use super::requirement::{Requirement, Verdict};
use crate::cli::text::{NOTHING, duration, grouped};
use levain_catalog::Account;

/// Judges the sessions of an account. Every session must meet a requirement; without any observation it
/// is missed.
pub(super) fn judge(
    account: &Account,
    seen: &[Observation],
    database: Option<&Database>,
    arguments: &VerifyArguments,
) -> Judged {
    let ready: Vec<&Observation> = seen.iter().filter(|one| one.not_ready.is_none()).collect();
    let mut requirements = vec![
        creation(seen, ready.len()),
        determinism(&ready),
        references(&ready),
        exact_times(&ready),
        open_alerts(account, &ready),
        extension(&ready),
        deletion(&ready, arguments),
        cleanup(&ready, database, arguments),
    ];
    requirements.extend(latency(account, &ready));
    Judged {
        account: account.slug.clone(),
        requirements,
    }
}

fn creation(seen: &[Observation], ready: usize) -> Requirement {
    let result = format!("{ready} of {} READY", seen.len());
    let verdict = Verdict::of(ready == seen.len() && ready > 0);
    Requirement::new("creation", result, ready, "all", verdict)
        .with_details(seen.iter().filter_map(|one| one.not_ready.clone()))
}

fn determinism(ready: &[&Observation]) -> Requirement {
    let mut found: BTreeMap<&str, (BTreeSet<&str>, usize)> = BTreeMap::new();
    for (place, digest) in ready.iter().flat_map(|one| &one.digests) {
        let (digests, sessions) = found.entry(place).or_default();
        digests.insert(digest);
        *sessions += 1;
    }
    let refused = ready.iter().flat_map(|one| &one.refused).cloned();
    // A domain that only some sessions have differs as well.
    let differing: Vec<String> = found
        .iter()
        .filter(|(_, (digests, sessions))| digests.len() > 1 || *sessions < ready.len())
        .map(|(place, (digests, sessions))| {
            format!(
                "`{place}` has {} digests in {sessions} sessions",
                digests.len()
            )
        })
        .collect();
    let result = format!(
        "{} of {} domains differ in {} sessions",
        differing.len(),
        found.len(),
        ready.len()
    );
    let number = differing.len();
    let details: Vec<String> = refused.chain(differing).collect();
    let verdict = Verdict::of(details.is_empty() && !found.is_empty() && ready.len() > 1);
    Requirement::new("determinism", result, number, "0", verdict).with_details(details)
}

fn references(ready: &[&Observation]) -> Requirement {
    let faults: usize = ready.iter().map(|one| one.report.total).sum();
    let unavailable: u32 = ready.iter().map(|one| one.report.unavailable).sum();
    let errors = faults + usize::try_from(unavailable).unwrap_or(usize::MAX);
    let records: u64 = ready.iter().map(|one| one.report.records).sum();
    let result = format!("{errors} errors in {} records", grouped(records));
    let verdict = Verdict::of(errors == 0 && records > 0);
    let details = ready.iter().flat_map(|one| &one.report.faults);
    Requirement::new("references", result, errors, "0", verdict)
        .with_details(details.map(ToString::to_string))
}

fn exact_times(ready: &[&Observation]) -> Requirement {
    let expected: usize = ready.iter().map(|one| one.times.expected).sum();
    let wrong: usize = ready.iter().map(|one| one.times.total).sum();
    let deviations = ready.iter().map(|one| one.times.largest_deviation);
    let largest = deviations.max().unwrap_or_default();
    let result = format!(
        "{wrong} of {} off, by {} s at most",
        grouped(u64::try_from(expected).unwrap_or(u64::MAX)),
        largest.as_secs_f64()
    );
    let verdict = match expected {
        // The fixtures have no exact times.
        0 if !ready.is_empty() => Verdict::Open,
        _ => Verdict::of(wrong == 0 && !ready.is_empty()),
    };
    let details = ready.iter().flat_map(|one| &one.times.faults);
    Requirement::new("exact times", result, largest.as_secs_f64(), "0 s", verdict)
        .with_details(details.map(ToString::to_string))
}

fn open_alerts(account: &Account, ready: &[&Observation]) -> Requirement {
    let fewest = ready.iter().map(|one| one.open_alerts).min();
    let result = fewest.map_or_else(|| NOTHING.to_owned(), |fewest| format!("{fewest} or more"));
    let (threshold, verdict) = match account.verify.open_alerts {
        Some(least) => (
            format!("at least {least}"),
            Verdict::of(fewest.is_some_and(|fewest| fewest >= least)),
        ),
        None => (NOTHING.to_owned(), Verdict::Open),
    };
    Requirement::new("open alerts", result, fewest, threshold, verdict)
}

fn extension(ready: &[&Observation]) -> Requirement {
    let offered: Vec<&Option<String>> = ready
        .iter()
        .filter_map(|one| one.extension.as_ref())
        .collect();
    let wrong: Vec<&String> = offered.iter().filter_map(|wrong| wrong.as_ref()).collect();
    let (result, verdict) = match offered.len() {
        0 if !ready.is_empty() => ("not offered".to_owned(), Verdict::Open),
        all => (
            format!("{} of {all} as promised", all - wrong.len()),
            Verdict::of(wrong.is_empty() && all == ready.len() && all > 0),
        ),
    };
    Requirement::new("extension", result, wrong.len(), "all", verdict)
        .with_details(wrong.into_iter().cloned())
}

fn deletion(ready: &[&Observation], arguments: &VerifyArguments) -> Requirement {
    let name = "repeated deletion";
    if arguments.keep {
        let result = "the sessions are kept".to_owned();
        return Requirement::new(name, result, None::<usize>, "all 200", Verdict::Waived);
    }
    let answers: Vec<u16> = ready.iter().flat_map(|one| one.deletions.clone()).collect();
    let well = answers.iter().filter(|status| **status == 200).count();
    let result = format!("{well} of {} answered 200", answers.len());
    let verdict = Verdict::of(well == answers.len() && well > 0);
    let others = answers.iter().filter(|status| **status != 200);
    Requirement::new(name, result, answers.len() - well, "all 200", verdict)
        .with_details(others.map(|status| format!("a deletion answered {status}")))
}

fn cleanup(
    ready: &[&Observation],
    database: Option<&Database>,
    arguments: &VerifyArguments,
) -> Requirement {
    let name = "atomic cleanup";
    let not_asked =
        |why: &str, verdict| Requirement::new(name, why.to_owned(), None::<u64>, "0 rows", verdict);
    let Some(database) = database.filter(|_| !arguments.keep) else {
        return match (arguments.keep, arguments.without_database) {
            (true, _) => not_asked("the sessions are kept", Verdict::Waived),
            (_, true) => not_asked("without the database", Verdict::Waived),
            _ => not_asked("no database to ask", Verdict::Skipped),
        };
    };
    let mut left: BTreeMap<&str, u64> = BTreeMap::new();
    for residue in ready.iter().flat_map(|one| one.residue.iter().flatten()) {
        *left.entry(&residue.relation).or_default() += residue.rows;
    }
    let rows: u64 = left.values().sum();
    let result = format!(
        "{} rows in {} tables and views",
        grouped(rows),
        database.relations()
    );
    let asked = ready.iter().filter(|one| one.residue.is_some()).count();
    let verdict = Verdict::of(rows == 0 && asked == ready.len() && asked > 0);
    let details = left
        .into_iter()
        .map(|(relation, rows)| format!("{} rows in `{relation}`", grouped(rows)));
    Requirement::new(name, result, rows, "0 rows", verdict).with_details(details)
}

fn latency(account: &Account, ready: &[&Observation]) -> [Requirement; 3] {
    let times: Vec<Duration> = ready.iter().map(|one| one.creation).collect();
    let limits = account.verify.creation;
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    let of = |name, percent, limit: Option<Duration>| {
        let found = percentile(&times, percent);
        let shown = |time: Option<Duration>| {
            time.map_or_else(|| NOTHING.to_owned(), |time| duration(milliseconds(time)))
        };
        let (threshold, verdict) = match limit {
            Some(limit) => (
                format!("below {}", shown(Some(limit))),
                Verdict::of(found.is_some_and(|found| found < limit)),
            ),
            None => (NOTHING.to_owned(), Verdict::Open),
        };
        let measured = found.map(milliseconds);
        Requirement::new(name, shown(found), measured, threshold, verdict)
    };
    [
        of("creation P50", 50, limits.map(|limits| limits.p50)),
        of("creation P95", 95, limits.map(|limits| limits.p95)),
        of("creation P99", 99, limits.map(|limits| limits.p99)),
    ]
}
