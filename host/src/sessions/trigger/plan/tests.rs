use super::super::testing::{group, trigger};
use super::*;
use levain_model::DomainOutcome;

fn status(tenants: &[Tenant], place: usize, slug: &str) -> (TriggerStatus, Option<String>) {
    let row = tenants[place]
        .triggers
        .iter()
        .find(|row| row.trigger == slug);
    let row = row.unwrap();
    (row.status, row.reason.clone())
}

fn due(due: &[(Uuid, String)]) -> Vec<(u128, &str)> {
    due.iter()
        .map(|(tenant, slug)| (tenant.as_u128(), slug.as_str()))
        .collect()
}

fn end(tenants: &mut [Tenant], place: usize, slug: &str, status: TriggerStatus) {
    let id = tenants[place].tenant_id;
    for row in rows_mut(tenants, id, slug) {
        row.status = status;
    }
}

#[test]
fn a_trigger_runs_where_its_own_domain_takes_part() {
    let triggers = [
        trigger("gaps", Phase::Alerts)
            .of("shelf")
            .reads("shelf", "own"),
        trigger("late", Phase::Alerts)
            .of("loan")
            .reads("loan", "own"),
    ]
    .map(Into::into);
    let mut tenants = group(&triggers, Switches::default());
    // The kiosks lend nothing.
    assert_eq!(
        due(&settle(&triggers, &mut tenants, Phase::Alerts)),
        [(1, "gaps"), (1, "late"), (2, "gaps"), (3, "gaps")]
    );
    assert!(settle(&triggers, &mut tenants, Phase::Insights).is_empty());
}

#[test]
fn disabled_phase_skips_its_readers() {
    let triggers = [
        trigger("gaps", Phase::Alerts)
            .of("shelf")
            .reads("shelf", "own"),
        trigger("wear", Phase::Insights)
            .of("shelf")
            .reads("shelf", "own"),
        trigger("count", Phase::Kpis)
            .of("shelf")
            .reads("alerts", "own outlets"),
    ]
    .map(Into::into);
    let off = Switches {
        alerts: false,
        insights: true,
    };
    let mut tenants = group(&triggers, off);
    for phase in Phase::ALL {
        let ran = settle(&triggers, &mut tenants, phase);
        assert_eq!(ran.len(), if phase == Phase::Insights { 3 } else { 0 });
    }
    assert_eq!(
        status(&tenants, 0, "gaps"),
        (
            TriggerStatus::Disabled,
            Some("the host does not look for alerts".to_owned())
        )
    );
    assert_eq!(
        status(&tenants, 1, "count"),
        (
            TriggerStatus::Skipped,
            Some("trigger `gaps` of Kiosk 2 is switched off".to_owned())
        )
    );
    let all_off = group(
        &triggers,
        Switches {
            alerts: false,
            insights: false,
        },
    );
    assert_eq!(status(&all_off, 2, "wear").0, TriggerStatus::Disabled);
    assert_eq!(status(&all_off, 2, "count").0, TriggerStatus::Pending);
}

#[test]
fn what_is_read_must_have_been_cloned_wherever_it_takes_part() {
    let triggers = [
        trigger("own", Phase::Alerts)
            .of("shelf")
            .reads("loan", "own"),
        trigger("down", Phase::Alerts)
            .of("shelf")
            .reads("shelf", "outlets"),
        trigger("up", Phase::Alerts)
            .of("shelf")
            .reads("loan", "parent"),
        trigger("late", Phase::Alerts)
            .of("loan")
            .reads("shelf", "own"),
    ]
    .map(Into::into);
    /// Whose domain is how, what runs all the same, and why the rest does not.
    type Case = (
        usize,
        &'static str,
        DomainStatus,
        Vec<(u128, &'static str)>,
        &'static str,
    );
    let cases: [Case; 3] = [
        (
            0,
            "loan",
            DomainStatus::Failed,
            vec![
                (1, "down"),
                (1, "up"),
                (2, "own"),
                (2, "down"),
                (3, "own"),
                (3, "down"),
            ],
            "`loan` of Library was not cloned",
        ),
        (
            2,
            "shelf",
            DomainStatus::Deleted,
            vec![
                (1, "own"),
                (1, "up"),
                (1, "late"),
                (2, "own"),
                (2, "down"),
                (2, "up"),
            ],
            "`shelf` of Kiosk 3 was deleted",
        ),
        (
            1,
            "shelf",
            DomainStatus::Pending,
            vec![
                (1, "own"),
                (1, "up"),
                (1, "late"),
                (3, "own"),
                (3, "down"),
                (3, "up"),
            ],
            "`shelf` of Kiosk 2 did not end",
        ),
    ];
    for (place, domain, outcome, expected, reason) in cases {
        let mut tenants = group(&triggers, Switches::default());
        for service in &mut tenants[place].services {
            if service.domain == domain {
                *service = DomainOutcome {
                    status: outcome,
                    ..DomainOutcome::pending(domain)
                };
            }
        }
        let ran = settle(&triggers, &mut tenants, Phase::Alerts);
        assert_eq!(due(&ran), expected, "{reason}");
        let skipped: Vec<_> = tenants
            .iter()
            .flat_map(|tenant| &tenant.triggers)
            .filter(|row| row.status == TriggerStatus::Skipped)
            .collect();
        assert!(!skipped.is_empty());
        for row in skipped {
            assert_eq!(row.reason.as_deref(), Some(reason));
        }
    }
}

#[test]
fn a_product_must_be_whole_in_every_tenant_that_is_read() {
    let triggers = [
        trigger("gaps", Phase::Alerts)
            .of("shelf")
            .reads("shelf", "own"),
        trigger("late", Phase::Alerts)
            .of("loan")
            .reads("loan", "own"),
        trigger("count", Phase::Kpis)
            .of("shelf")
            .reads("alerts", "own outlets"),
    ]
    .map(Into::into);
    for (place, slug, outcome, expected) in [
        (
            0,
            "late",
            TriggerStatus::Completed,
            vec![(1, "count"), (2, "count"), (3, "count")],
        ),
        (
            0,
            "late",
            TriggerStatus::Failed,
            vec![(2, "count"), (3, "count")],
        ),
        (2, "gaps", TriggerStatus::Skipped, vec![(2, "count")]),
        (1, "gaps", TriggerStatus::Running, vec![(3, "count")]),
    ] {
        let mut tenants = group(&triggers, Switches::default());
        for (tenant, trigger) in settle(&triggers, &mut tenants, Phase::Alerts) {
            for row in rows_mut(&mut tenants, tenant, &trigger) {
                row.status = TriggerStatus::Completed;
            }
        }
        end(&mut tenants, place, slug, outcome);
        let ran = settle(&triggers, &mut tenants, Phase::Kpis);
        assert_eq!(due(&ran), expected, "{slug} {outcome:?}");
    }
}

#[test]
fn a_session_that_failed_runs_none() {
    let triggers = [trigger("gaps", Phase::Alerts)
        .of("shelf")
        .reads("shelf", "own")]
    .map(Into::into);
    let mut tenants = group(&triggers, Switches::default());
    give_up(&mut tenants, "the session FAILED");
    assert!(settle(&triggers, &mut tenants, Phase::Alerts).is_empty());
    assert_eq!(
        status(&tenants, 0, "gaps"),
        (
            TriggerStatus::Skipped,
            Some("the session FAILED".to_owned())
        )
    );
}

#[test]
fn what_was_made_is_withdrawn_with_its_domain() {
    let triggers = [
        trigger("gaps", Phase::Alerts)
            .of("shelf")
            .reads("shelf", "own"),
        trigger("count", Phase::Kpis)
            .of("shelf")
            .reads("alerts", "own"),
    ]
    .map(Into::into);
    let mut tenants = group(&triggers, Switches::default());
    for place in 0..3 {
        end(&mut tenants, place, "gaps", TriggerStatus::Completed);
    }
    let head = tenants[0].tenant_id;
    withdraw(&triggers, &mut tenants, head, "alerts");
    assert_eq!(status(&tenants, 0, "gaps").0, TriggerStatus::Skipped);
    assert_eq!(status(&tenants, 1, "gaps").0, TriggerStatus::Completed);
    assert_eq!(
        due(&settle(&triggers, &mut tenants, Phase::Kpis)),
        [(2, "count"), (3, "count")]
    );
}
