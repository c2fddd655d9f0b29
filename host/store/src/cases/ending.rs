//! Sessions are destroyed, by a caller or by a process that died.

use chrono::{DateTime, Duration, Utc};

use super::library::{
    begin, create, held, lease, noon, ready, segment, segments, session, spent, tenant_id,
};
use crate::{DeletedSegment, Due, Repo, RepoError};
use levain_model::{DomainStatus, EntityCounts, SessionStatus, TriggerStatus};

pub(crate) async fn a_tenant_leads_to_its_session_until_that_is_destroyed(repo: &dyn Repo) {
    let session = create(repo, 1).await;
    create(repo, 2).await;
    let found = repo.find_session_of_tenant(tenant_id(1, 1)).await.unwrap();
    assert_eq!(found, Some(session.clone()));
    let found = repo.find_session_of_tenant(tenant_id(3, 0)).await.unwrap();
    assert_eq!(found, None);

    repo.destroy_session("demo_0001", noon(), &[])
        .await
        .unwrap();
    let found = repo.find_session_of_tenant(tenant_id(1, 1)).await.unwrap();
    assert_eq!(found, None);
    // The identifier is free for the same session again.
    let mut again = super::library::session(1);
    again.session_id = "demo_again".to_owned();
    begin(repo, &again).await;
    let found = repo.find_session_of_tenant(tenant_id(1, 1)).await.unwrap();
    assert_eq!(found, Some(again));
}

pub(crate) async fn destroying_is_repeatable(repo: &dyn Repo) {
    let session = create(repo, 1).await;
    let had = repo.begin_destroying("demo_0001", &lease()).await.unwrap();
    assert_eq!(had, Some(SessionStatus::Ready));
    let deleted = repo
        .destroy_session("demo_0001", noon(), &[])
        .await
        .unwrap();
    let expected: Vec<_> = [0, 1]
        .into_iter()
        .flat_map(|position| {
            [
                ("lending", "loan", 3),
                // Of both its parts.
                ("raised", "alert", 3),
                ("shelving", "book", 5),
                ("shelving", "shelf", 0),
            ]
            .map(|(domain, entity, records)| DeletedSegment {
                tenant_id: tenant_id(1, position),
                domain: domain.to_owned(),
                entity: entity.to_owned(),
                records,
            })
        })
        .collect();
    assert_eq!(deleted, expected);
    assert!(held(repo, &session).await.is_empty());
    for _ in 0..2 {
        let later = noon() + Duration::hours(1);
        assert!(
            repo.destroy_session("demo_0001", later, &[])
                .await
                .unwrap()
                .is_empty()
        );
    }
    let ledger = repo.find_session("demo_0001").await.unwrap().unwrap();
    assert_eq!(ledger.status, SessionStatus::Destroyed);
    assert_eq!(ledger.destroyed_at, Some(noon()));
    assert_eq!(ledger.tenants, session.tenants);

    assert_eq!(
        repo.begin_destroying("demo_none", &lease()).await.unwrap(),
        None
    );
    assert!(
        repo.destroy_session("demo_none", noon(), &[])
            .await
            .unwrap()
            .is_empty()
    );
}

pub(crate) async fn destroying_touches_nobody_else(repo: &dyn Repo) {
    let gone = create(repo, 1).await;
    let kept = create(repo, 2).await;
    repo.destroy_session("demo_0001", noon(), &[])
        .await
        .unwrap();
    assert!(held(repo, &gone).await.is_empty());
    assert_eq!(held(repo, &kept).await, segments(&kept));

    // Once the identifier is free and taken again, the first session has no claim on it.
    let mut again = session(1);
    again.session_id = "demo_again".to_owned();
    begin(repo, &again).await;
    let again = ready(again);
    let written = segments(&again);
    assert!(repo.commit_session(&again, &written, None).await.unwrap());
    assert!(
        repo.destroy_session("demo_0001", noon(), &[])
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(held(repo, &again).await, written);
}

pub(crate) async fn a_destroyed_session_stays_destroyed(repo: &dyn Repo) {
    create(repo, 1).await;
    repo.destroy_session("demo_0001", noon(), &[])
        .await
        .unwrap();
    let had = repo.begin_destroying("demo_0001", &lease()).await.unwrap();
    assert_eq!(had, Some(SessionStatus::Destroyed));
    let ledger = repo.find_session("demo_0001").await.unwrap().unwrap();
    assert_eq!(ledger.status, SessionStatus::Destroyed);
}

pub(crate) async fn a_domain_can_be_deleted(repo: &dyn Repo) {
    create(repo, 1).await;
    let tenant = tenant_id(1, 0);
    let deleted = repo.delete_domain(tenant, "shelving").await.unwrap();
    assert_eq!(
        deleted,
        EntityCounts::from([("book".to_owned(), 5), ("shelf".to_owned(), 0)])
    );
    assert!(
        repo.delete_domain(tenant, "shelving")
            .await
            .unwrap()
            .is_empty()
    );
    // Parts of one entity are counted together.
    let deleted = repo.delete_domain(tenant, "raised").await.unwrap();
    assert_eq!(deleted, EntityCounts::from([("alert".to_owned(), 3)]));
    let left = repo.find_segments(tenant, None, None).await.unwrap();
    assert_eq!(left, [segment(tenant, "lending", "loan", 3)]);
    let outlet = repo.find_segments(tenant_id(1, 1), None, None).await;
    assert_eq!(outlet.unwrap().len(), 5);
}

pub(crate) async fn what_is_cloning_beyond_its_lease_is_failed(repo: &dyn Repo) {
    let abandoned = session(1);
    repo.insert_session(&abandoned, &spent(), None)
        .await
        .unwrap();
    let at_work = session(2);
    begin(repo, &at_work).await;
    let open = create(repo, 3).await;

    let failed = repo.fail_interrupted("the host stopped").await.unwrap();
    assert_eq!(failed, ["demo_0001"]);
    let stored = repo.find_session("demo_0001").await.unwrap().unwrap();
    assert_eq!(stored.status, SessionStatus::Failed);
    assert_eq!(stored.error.as_deref(), Some("the host stopped"));
    for service in stored.tenants.iter().flat_map(|tenant| &tenant.services) {
        assert_eq!(service.status, DomainStatus::Failed);
        assert_eq!(service.error.as_ref().unwrap().code, "interrupted");
    }
    for trigger in stored.tenants.iter().flat_map(|tenant| &tenant.triggers) {
        assert_eq!(trigger.status, TriggerStatus::Failed);
        assert_eq!(trigger.error.as_ref().unwrap().code, "interrupted");
    }
    // A holder that was paused past its lease can write nothing.
    let late = ready(abandoned);
    assert!(
        !repo
            .commit_session(&late, &segments(&late), None)
            .await
            .unwrap()
    );
    assert!(held(repo, &late).await.is_empty());

    assert_eq!(repo.find_session("demo_0002").await.unwrap(), Some(at_work));
    assert_eq!(
        repo.find_session("demo_0003").await.unwrap(),
        Some(open.clone())
    );
    assert_eq!(held(repo, &open).await, segments(&open));
    let again = repo.fail_interrupted("the host stopped").await.unwrap();
    assert!(again.is_empty());
}

fn due(expired_by: DateTime<Utc>) -> Due {
    Due {
        expired_by,
        limit: 100,
        most_failures: 2,
    }
}

pub(crate) async fn what_is_due_is_claimed_once(repo: &dyn Repo) {
    for number in 1..=3 {
        create(repo, number).await;
    }
    begin(repo, &session(4)).await;
    let mut lasting = session(5);
    lasting.expires_at += Duration::hours(1);
    begin(repo, &lasting).await;
    assert!(
        repo.commit_session(&ready(lasting), &[], None)
            .await
            .unwrap()
    );
    repo.destroy_session("demo_0003", noon(), &[])
        .await
        .unwrap();

    let claim = async |due| repo.begin_destroying_due(&due, &lease()).await.unwrap();
    assert!(claim(due(noon())).await.is_empty());
    let over = noon() + Duration::minutes(30);
    let one = Due {
        limit: 1,
        ..due(over)
    };
    let mut claimed = claim(one).await;
    claimed.extend(claim(due(over)).await);
    claimed.sort();
    // Neither the one that is CLONING, nor the one that has time left.
    assert_eq!(claimed, ["demo_0001", "demo_0002"]);
    assert!(claim(due(over)).await.is_empty());
    let stored = repo.find_session("demo_0001").await.unwrap().unwrap();
    assert_eq!(stored.status, SessionStatus::Destroying);
}

pub(crate) async fn a_destruction_beyond_its_lease_is_taken_over(repo: &dyn Repo) {
    let half_gone = create(repo, 1).await;
    create(repo, 2).await;
    let begun = repo.begin_destroying("demo_0001", &spent()).await.unwrap();
    assert_eq!(begun, Some(SessionStatus::Ready));
    repo.begin_destroying("demo_0002", &lease()).await.unwrap();
    let claimed = repo
        .begin_destroying_due(&due(noon()), &lease())
        .await
        .unwrap();
    assert_eq!(claimed, ["demo_0001"]);
    let gone = repo.destroy_session("demo_0001", noon(), &[]).await;
    assert!(!gone.unwrap().is_empty());
    assert!(held(repo, &half_gone).await.is_empty());
}

pub(crate) async fn a_cleanup_that_keeps_failing_is_left_alone(repo: &dyn Repo) {
    create(repo, 1).await;
    assert_eq!(
        repo.record_failed_cleanup("demo_0001", noon(), "not yet")
            .await
            .unwrap(),
        0
    );
    repo.begin_destroying("demo_0001", &spent()).await.unwrap();
    let claim = async || {
        repo.begin_destroying_due(&due(noon()), &spent())
            .await
            .unwrap()
    };
    for failures in 1..=2 {
        assert_eq!(claim().await, ["demo_0001"]);
        let counted = repo
            .record_failed_cleanup("demo_0001", noon(), "the disk is full")
            .await
            .unwrap();
        assert_eq!(counted, failures);
    }
    assert!(claim().await.is_empty());
    // It can still be destroyed on request.
    let gone = repo.destroy_session("demo_0001", noon(), &[]).await;
    assert!(!gone.unwrap().is_empty());
}

pub(crate) async fn leases_end_where_nobody_else_can_hold_one(repo: &dyn Repo) {
    begin(repo, &session(1)).await;
    create(repo, 2).await;
    repo.begin_destroying("demo_0002", &lease()).await.unwrap();
    repo.end_leases().await.unwrap();
    let failed = repo.fail_interrupted("the host stopped").await.unwrap();
    let claimed = repo
        .begin_destroying_due(&due(noon()), &lease())
        .await
        .unwrap();
    // All of them where the store is one host's, none where it is many hosts'.
    let whose = (failed.len(), claimed.len());
    assert!(whose == (1, 1) || whose == (0, 0), "{whose:?}");
}

pub(crate) async fn the_ledger_forgets_what_is_old(repo: &dyn Repo) {
    for number in 1..=3 {
        create(repo, number).await;
    }
    let yesterday = noon() - Duration::days(1);
    repo.destroy_session("demo_0001", yesterday, &[])
        .await
        .unwrap();
    repo.destroy_session("demo_0002", noon(), &[])
        .await
        .unwrap();
    let ledger = noon() - Duration::hours(1);
    assert_eq!(repo.prune(ledger, noon()).await.unwrap(), 1);
    assert_eq!(repo.find_session("demo_0001").await.unwrap(), None);
    assert!(repo.find_session("demo_0002").await.unwrap().is_some());
    assert!(repo.find_session("demo_0003").await.unwrap().is_some());
    assert_eq!(repo.prune(ledger, noon()).await.unwrap(), 0);
}

pub(crate) async fn a_closed_store_is_unavailable(repo: &dyn Repo) {
    repo.ping().await.unwrap();
    repo.close().await;
    assert!(matches!(repo.ping().await, Err(RepoError::Unavailable(_))));
    assert!(matches!(
        repo.insert_session(&session(1), &lease(), None).await,
        Err(RepoError::Unavailable(_))
    ));
}
