//! Exact times: what the fixtures write as markers, held against a clone.

use std::time::Duration;

use serde_json::Value;

use super::super::{Catalog, TimeReport};
use super::library::Library;
use super::session::{clone, scope};
use levain_model::Segment;

/// Clones a domain, changes its records, and holds them against its exact times.
fn check(
    catalog: &Catalog,
    domain: &str,
    entity: &str,
    change: impl FnOnce(&mut Vec<Value>),
) -> TimeReport {
    let scope = scope(catalog, None, 7);
    let mut segments = clone(catalog, &scope, domain);
    let of_entity = |segment: &&mut Segment| segment.entity == entity;
    let segment = segments.iter_mut().find(of_entity).unwrap();
    let mut rows: Vec<Value> = serde_json::from_str(&segment.rows).unwrap();
    change(&mut rows);
    segment.rows = Value::from(rows).to_string();
    let times = catalog.exact_times(catalog.account("town").unwrap(), None, domain);
    catalog.check_times(&times, &scope, &segments)
}

#[test]
fn instant_is_exact_to_the_microsecond() {
    let catalog = Library::new().load();
    let loans = |change: fn(&mut Vec<Value>)| check(&catalog, "lending", "loan", change);
    let sound = loans(|_| ());
    assert_eq!((sound.expected, sound.total), (2, 0), "{sound:?}");
    assert_eq!(sound.largest_deviation, Duration::ZERO);

    let late = loans(|loans| loans[0]["due_at"] = "2026-03-04T10:00:00.000001Z".into());
    assert_eq!((late.expected, late.total), (2, 1));
    assert_eq!(late.largest_deviation, Duration::from_micros(1));
    let [fault] = late.faults.as_slice() else {
        panic!("{late:?}")
    };
    assert_eq!(
        (
            fault.source.as_str(),
            fault.pointer.as_str(),
            fault.rule.as_str()
        ),
        ("lending.loan", "/due_at", "exact_time")
    );
    assert!(
        fault.message.ends_with("must be 2026-03-04T10:00:00Z"),
        "{fault}"
    );

    let early = loans(|loans| loans[0]["lent_at"] = "2026-03-02T08:28:30Z".into());
    assert_eq!(early.largest_deviation, Duration::from_secs(90));
}

#[test]
fn missing_record_is_a_fault_of_exact_times() {
    let catalog = Library::new().load();
    let gone = check(&catalog, "lending", "loan", |loans| {
        loans.remove(0);
    });
    assert_eq!((gone.expected, gone.total), (2, 2));
    assert!(
        gone.faults[0].message.starts_with("there is no record"),
        "{gone:?}"
    );
    let unreadable = check(&catalog, "lending", "loan", |loans| {
        loans[0]["due_at"] = Value::Null;
    });
    assert_eq!(unreadable.total, 1);
}

#[test]
fn day_is_exact_to_the_day() {
    let catalog = Library::new()
        .with("people.json", |json| {
            json["reader"][1]["joined_on"] = "BASE_TS - 30d".into();
        })
        .load();
    for (day, days) in [("2026-01-31", 0), ("2026-02-02", 2)] {
        let report = check(&catalog, "people", "reader", |readers| {
            readers[1]["joined_on"] = day.into();
        });
        assert_eq!((report.expected, report.total), (1, usize::from(days > 0)));
        assert_eq!(report.largest_deviation, Duration::from_secs(days * 86_400));
    }
}

#[test]
fn domain_without_markers_has_no_exact_times() {
    let catalog = Library::new().load();
    let account = catalog.account("town").unwrap();
    assert!(catalog.exact_times(account, None, "shelving").is_empty());
    assert!(
        catalog
            .exact_times(account, Some("attic"), "lending")
            .is_empty()
    );
}
