//! Sessions are destroyed, by a caller or by a process that died.

use chrono::Duration;

use super::library::{create, held, noon, ready, segment, segments, session, tenant_id};
use crate::repo::{Repo, RepoError, ServiceStatus, SessionStatus};
use crate::segment::EntityCounts;

pub(in crate::repo) async fn a_tenant_leads_to_its_session_until_that_is_destroyed(
    repo: &dyn Repo,
) {
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
    // The identifier is free for the same session once more.
    let mut again = super::library::session(1);
    again.session_id = "demo_again".to_owned();
    repo.insert_session(&again).await.unwrap();
    let found = repo.find_session_of_tenant(tenant_id(1, 1)).await.unwrap();
    assert_eq!(found, Some(again));
}

pub(in crate::repo) async fn destroying_is_repeatable(repo: &dyn Repo) {
    let session = create(repo, 1).await;
    let had = repo.begin_destroying("demo_0001").await.unwrap();
    assert_eq!(had, Some(SessionStatus::Ready));
    let deleted = repo
        .destroy_session("demo_0001", noon(), &[])
        .await
        .unwrap();
    assert_eq!(deleted.len(), 6);
    assert_eq!(deleted.iter().map(|gone| gone.records).sum::<u32>(), 16);
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

    assert_eq!(repo.begin_destroying("demo_none").await.unwrap(), None);
    assert!(
        repo.destroy_session("demo_none", noon(), &[])
            .await
            .unwrap()
            .is_empty()
    );
}

pub(in crate::repo) async fn destroying_touches_nobody_else(repo: &dyn Repo) {
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
    repo.insert_session(&again).await.unwrap();
    let again = ready(again);
    let written = segments(&again);
    assert!(repo.commit_session(&again, &written).await.unwrap());
    assert!(
        repo.destroy_session("demo_0001", noon(), &[])
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(held(repo, &again).await, written);
}

pub(in crate::repo) async fn a_destroyed_session_stays_destroyed(repo: &dyn Repo) {
    create(repo, 1).await;
    repo.destroy_session("demo_0001", noon(), &[])
        .await
        .unwrap();
    let had = repo.begin_destroying("demo_0001").await.unwrap();
    assert_eq!(had, Some(SessionStatus::Destroyed));
    let ledger = repo.find_session("demo_0001").await.unwrap().unwrap();
    assert_eq!(ledger.status, SessionStatus::Destroyed);
}

pub(in crate::repo) async fn a_domain_of_a_session_that_is_gone_is_not_replaced(repo: &dyn Repo) {
    let session = create(repo, 1).await;
    repo.begin_destroying("demo_0001").await.unwrap();
    let tenant = tenant_id(1, 0);
    let books = [segment(tenant, "shelving", "book", 7)];
    for _ in 0..2 {
        assert!(
            !repo
                .replace_domain(&session, tenant, "shelving", &books)
                .await
                .unwrap()
        );
        repo.destroy_session("demo_0001", noon(), &[])
            .await
            .unwrap();
    }
    assert!(held(repo, &session).await.is_empty());
}

pub(in crate::repo) async fn a_domain_can_be_deleted(repo: &dyn Repo) {
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
    assert_eq!(repo.find_segments(tenant, None).await.unwrap().len(), 1);
    let outlet = repo.find_segments(tenant_id(1, 1), None).await.unwrap();
    assert_eq!(outlet.len(), 3);
}

pub(in crate::repo) async fn recovery_fails_what_was_cloning_and_ends_what_was_destroying(
    repo: &dyn Repo,
) {
    repo.insert_session(&session(1)).await.unwrap();
    let half_gone = create(repo, 2).await;
    repo.begin_destroying("demo_0002").await.unwrap();
    let open = create(repo, 3).await;

    let failed = repo.recover(noon(), "the host stopped").await.unwrap();
    assert_eq!(failed, ["demo_0001"]);
    let stored = repo.find_session("demo_0001").await.unwrap().unwrap();
    assert_eq!(stored.status, SessionStatus::Failed);
    assert_eq!(stored.error.as_deref(), Some("the host stopped"));
    for service in stored.tenants.iter().flat_map(|tenant| &tenant.services) {
        assert_eq!(service.status, ServiceStatus::Failed);
        assert_eq!(service.error.as_ref().unwrap().code, "interrupted");
    }
    let stored = repo.find_session("demo_0002").await.unwrap().unwrap();
    assert_eq!(stored.status, SessionStatus::Destroyed);
    assert!(held(repo, &half_gone).await.is_empty());
    assert_eq!(
        repo.find_session("demo_0003").await.unwrap(),
        Some(open.clone())
    );
    assert_eq!(held(repo, &open).await, segments(&open));

    let again = repo.recover(noon(), "the host stopped").await.unwrap();
    assert!(again.is_empty());
}

pub(in crate::repo) async fn a_closed_store_is_unavailable(repo: &dyn Repo) {
    repo.ping().await.unwrap();
    repo.close().await;
    assert!(matches!(repo.ping().await, Err(RepoError::Unavailable(_))));
    assert!(matches!(
        repo.insert_session(&session(1)).await,
        Err(RepoError::Unavailable(_))
    ));
}
