//! Sessions are written, committed, replaced and read.

use super::library::{create, held, noon, ready, segment, segments, session, tenant_id};
use crate::repo::{Repo, RepoError, ServiceStatus, SessionRow, SessionStatus};

pub(in crate::repo) async fn a_session_reads_back_as_it_was_written(repo: &dyn Repo) {
    let mut written = session(1);
    repo.insert_session(&written).await.unwrap();
    assert_eq!(
        repo.find_session("demo_0001").await.unwrap(),
        Some(written.clone())
    );
    assert_eq!(repo.find_session("demo_0002").await.unwrap(), None);

    written.session_id = "demo_bare".to_owned();
    written.tenants.clear();
    repo.insert_session(&written).await.unwrap();
    assert_eq!(repo.find_session("demo_bare").await.unwrap(), Some(written));
}

pub(in crate::repo) async fn a_taken_id_is_a_conflict(repo: &dyn Repo) {
    repo.insert_session(&session(1)).await.unwrap();
    let mut other = session(2);
    other.session_id = "demo_0001".to_owned();
    let conflict = repo.insert_session(&other).await.unwrap_err();
    assert_eq!(conflict.to_string(), "session_id is taken");

    let mut other = session(2);
    other.tenants[1].tenant_id = tenant_id(1, 0);
    let conflict = repo.insert_session(&other).await.unwrap_err();
    assert_eq!(conflict.to_string(), "virtual_tenant_id is taken");
    // Nor is the half that could be written there.
    assert_eq!(repo.find_session("demo_0002").await.unwrap(), None);
}

pub(in crate::repo) async fn a_commit_shows_everything_at_once(repo: &dyn Repo) {
    let begun = session(1);
    repo.insert_session(&begun).await.unwrap();
    assert!(held(repo, &begun).await.is_empty());
    let session = ready(begun);
    let written = segments(&session);
    assert!(repo.commit_session(&session, &written).await.unwrap());
    assert_eq!(
        repo.find_session("demo_0001").await.unwrap(),
        Some(session.clone())
    );
    assert_eq!(held(repo, &session).await, written);

    let tenant = tenant_id(1, 0);
    let books = repo.find_segment(tenant, "shelving", "book").await.unwrap();
    assert_eq!(books, Some(segment(tenant, "shelving", "book", 5)));
    let missing = repo.find_segment(tenant, "shelving", "loan").await.unwrap();
    assert_eq!(missing, None);
    let of_domain = repo.find_segments(tenant, Some("shelving")).await.unwrap();
    assert_eq!(of_domain.len(), 2);
}

pub(in crate::repo) async fn a_commit_after_a_deletion_does_nothing(repo: &dyn Repo) {
    let begun = session(1);
    repo.insert_session(&begun).await.unwrap();
    let had = repo.begin_destroying("demo_0001").await.unwrap();
    assert_eq!(had, Some(SessionStatus::Cloning));
    let session = ready(begun);
    let late = segments(&session);
    assert!(!repo.commit_session(&session, &late).await.unwrap());
    repo.destroy_session("demo_0001", noon(), &[])
        .await
        .unwrap();
    assert!(!repo.commit_session(&session, &late).await.unwrap());
    assert!(held(repo, &session).await.is_empty());

    let unknown = ready(super::library::session(7));
    assert!(!repo.commit_session(&unknown, &[]).await.unwrap());
}

pub(in crate::repo) async fn a_commit_that_fails_leaves_nothing(repo: &dyn Repo) {
    let begun = session(1);
    repo.insert_session(&begun).await.unwrap();
    let session = ready(begun.clone());
    let mut twice = segments(&session);
    twice.push(twice[0].clone());
    let error = repo.commit_session(&session, &twice).await.unwrap_err();
    assert!(matches!(error, RepoError::Conflict { what: "segment" }));
    assert!(held(repo, &session).await.is_empty());
    assert_eq!(repo.find_session("demo_0001").await.unwrap(), Some(begun));

    let mut foreign = segments(&session);
    foreign[0].tenant_id = tenant_id(2, 0);
    assert!(repo.commit_session(&session, &foreign).await.is_err());
    // The store is none the worse for it.
    let good = segments(&session);
    assert!(repo.commit_session(&session, &good).await.unwrap());
}

pub(in crate::repo) async fn a_failed_session_holds_nothing(repo: &dyn Repo) {
    let mut session = session(1);
    repo.insert_session(&session).await.unwrap();
    session.status = SessionStatus::Failed;
    session.error = Some("`lending` failed".to_owned());
    session.tenants[0].services[0].status = ServiceStatus::Failed;
    assert!(repo.commit_session(&session, &[]).await.unwrap());
    assert_eq!(
        repo.find_session("demo_0001").await.unwrap(),
        Some(session.clone())
    );
    assert!(held(repo, &session).await.is_empty());
}

pub(in crate::repo) async fn sessions_are_listed_newest_first(repo: &dyn Repo) {
    for number in [2, 1, 3] {
        repo.insert_session(&session(number)).await.unwrap();
    }
    let listed = repo.list_sessions(2).await.unwrap();
    assert_eq!(listed, [session(3), session(2)]);
    assert_eq!(repo.list_sessions(100).await.unwrap().len(), 3);
}

pub(in crate::repo) async fn a_domain_can_be_replaced(repo: &dyn Repo) {
    let mut session = create(repo, 1).await;
    let tenant = tenant_id(1, 0);
    session.status = SessionStatus::Partial;
    session.tenants[0].services[1].content_digest = Some("d2".to_owned());
    // What the caller believes of another domain is not what is at stake.
    session.tenants[0].services[0].content_digest = Some("stale".to_owned());
    let books = [segment(tenant, "shelving", "book", 7)];
    assert!(
        repo.replace_domain(&session, tenant, "shelving", &books)
            .await
            .unwrap()
    );
    assert_eq!(
        repo.find_segments(tenant, Some("shelving")).await.unwrap(),
        books
    );
    let loans = repo.find_segment(tenant, "lending", "loan").await.unwrap();
    assert!(loans.is_some());
    let stored = repo.find_session("demo_0001").await.unwrap().unwrap();
    assert_eq!(stored.status, SessionStatus::Partial);
    let digests = |row: &SessionRow| -> Vec<_> {
        let services = row.tenants[0].services.iter();
        services
            .map(|service| service.content_digest.clone())
            .collect()
    };
    assert_eq!(
        digests(&stored),
        [Some("d1".to_owned()), Some("d2".to_owned())]
    );

    let foreign = [segment(tenant, "lending", "loan", 1)];
    let refused = repo.replace_domain(&session, tenant, "shelving", &foreign);
    assert!(refused.await.is_err());
}

pub(in crate::repo) async fn many_segments_fit_one_commit(repo: &dyn Repo) {
    let begun = session(1);
    repo.insert_session(&begun).await.unwrap();
    let session = ready(begun);
    let many: Vec<_> = (0..12_000)
        .map(|n| segment(tenant_id(1, 0), "shelving", &format!("e{n:05}"), 1))
        .collect();
    assert!(repo.commit_session(&session, &many).await.unwrap());
    assert_eq!(held(repo, &session).await, many);
    let deleted = repo
        .destroy_session("demo_0001", noon(), &[])
        .await
        .unwrap();
    assert_eq!(deleted.len(), many.len());
}
