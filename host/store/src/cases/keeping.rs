//! Sessions are written, committed and read.

use super::library::{
    begin, held, lease, noon, ready, segment, segments, session, spent, tenant_id,
};
use crate::{Repo, RepoError, SessionPosition};
use levain_model::{DomainStatus, SessionStatus};

pub(crate) async fn a_session_reads_back_as_it_was_written(repo: &dyn Repo) {
    let mut written = session(1);
    begin(repo, &written).await;
    assert_eq!(
        repo.find_session("demo_0001").await.unwrap(),
        Some(written.clone())
    );
    assert_eq!(repo.find_session("demo_0002").await.unwrap(), None);

    written.session_id = "demo_bare".to_owned();
    written.tenants.clear();
    begin(repo, &written).await;
    assert_eq!(repo.find_session("demo_bare").await.unwrap(), Some(written));
}

pub(crate) async fn a_taken_id_is_a_conflict(repo: &dyn Repo) {
    begin(repo, &session(1)).await;
    let mut other = session(2);
    other.session_id = "demo_0001".to_owned();
    let conflict = repo
        .insert_session(&other, &lease(), None)
        .await
        .unwrap_err();
    assert_eq!(conflict.to_string(), "session_id is taken");

    let mut other = session(2);
    other.tenants[1].tenant_id = tenant_id(1, 0);
    let conflict = repo
        .insert_session(&other, &lease(), None)
        .await
        .unwrap_err();
    assert_eq!(conflict.to_string(), "virtual_tenant_id is taken");
    // Nor is the half that could be written there.
    assert_eq!(repo.find_session("demo_0002").await.unwrap(), None);
}

pub(crate) async fn a_commit_shows_everything_at_once(repo: &dyn Repo) {
    let begun = session(1);
    begin(repo, &begun).await;
    assert!(held(repo, &begun).await.is_empty());
    let session = ready(begun);
    let written = segments(&session);
    assert!(repo.commit_session(&session, &written, None).await.unwrap());
    assert_eq!(
        repo.find_session("demo_0001").await.unwrap(),
        Some(session.clone())
    );
    assert_eq!(held(repo, &session).await, written);

    let found = async |domain, entity| {
        repo.find_segments(tenant_id(1, 0), Some(domain), entity)
            .await
            .unwrap()
    };
    let books = [segment(tenant_id(1, 0), "shelving", "book", 5)];
    assert_eq!(found("shelving", Some("book")).await, books);
    assert_eq!(found("shelving", Some("loan")).await, []);
    assert_eq!(found("shelving", None).await.len(), 2);
}

pub(crate) async fn a_commit_after_a_deletion_does_nothing(repo: &dyn Repo) {
    let begun = session(1);
    begin(repo, &begun).await;
    let had = repo.begin_destroying("demo_0001", &lease()).await.unwrap();
    assert_eq!(had, Some(SessionStatus::Cloning));
    let session = ready(begun);
    let late = segments(&session);
    assert!(!repo.commit_session(&session, &late, None).await.unwrap());
    repo.destroy_session("demo_0001", noon(), &[])
        .await
        .unwrap();
    assert!(!repo.commit_session(&session, &late, None).await.unwrap());
    assert!(held(repo, &session).await.is_empty());

    let unknown = ready(super::library::session(7));
    assert!(!repo.commit_session(&unknown, &[], None).await.unwrap());
}

pub(crate) async fn a_commit_after_the_lease_does_nothing(repo: &dyn Repo) {
    let begun = session(1);
    repo.insert_session(&begun, &spent(), None).await.unwrap();
    let late = ready(begun.clone());
    let written = segments(&late);
    assert!(!repo.commit_session(&late, &written, None).await.unwrap());
    assert!(held(repo, &late).await.is_empty());
    assert_eq!(repo.find_session("demo_0001").await.unwrap(), Some(begun));

    // Nor does one of another epoch.
    let begun = session(2);
    begin(repo, &begun).await;
    let mut foreign = ready(begun);
    foreign.epoch = 2;
    let written = segments(&foreign);
    assert!(!repo.commit_session(&foreign, &written, None).await.unwrap());
    assert!(held(repo, &foreign).await.is_empty());
}

pub(crate) async fn a_commit_that_fails_leaves_nothing(repo: &dyn Repo) {
    let begun = session(1);
    begin(repo, &begun).await;
    let session = ready(begun.clone());
    let mut twice = segments(&session);
    twice.push(twice[0].clone());
    let error = repo
        .commit_session(&session, &twice, None)
        .await
        .unwrap_err();
    assert!(matches!(error, RepoError::Conflict { what: "segment" }));
    assert!(held(repo, &session).await.is_empty());
    assert_eq!(repo.find_session("demo_0001").await.unwrap(), Some(begun));

    let mut foreign = segments(&session);
    foreign[0].tenant_id = tenant_id(2, 0);
    assert!(repo.commit_session(&session, &foreign, None).await.is_err());
    // The store is none the worse for it.
    let good = segments(&session);
    assert!(repo.commit_session(&session, &good, None).await.unwrap());
}

pub(crate) async fn a_failed_session_holds_nothing(repo: &dyn Repo) {
    let mut session = session(1);
    begin(repo, &session).await;
    session.status = SessionStatus::Failed;
    session.error = Some("`lending` failed".to_owned());
    session.tenants[0].services[0].status = DomainStatus::Failed;
    assert!(repo.commit_session(&session, &[], None).await.unwrap());
    assert_eq!(
        repo.find_session("demo_0001").await.unwrap(),
        Some(session.clone())
    );
    assert!(held(repo, &session).await.is_empty());
}

pub(crate) async fn sessions_are_listed_newest_first(repo: &dyn Repo) {
    for number in [2, 1, 3] {
        begin(repo, &session(number)).await;
    }
    let listed = repo.list_sessions(None, 2).await.unwrap();
    assert_eq!(listed, [session(3), session(2)]);
    let after = SessionPosition::of(&listed[1]);
    let listed = repo.list_sessions(Some(&after), 2).await.unwrap();
    assert_eq!(listed, [session(1)]);
    // Sessions of the same instant are neither skipped nor repeated.
    let mut twin = session(4);
    twin.created_at = session(2).created_at;
    begin(repo, &twin).await;
    let listed = repo.list_sessions(Some(&after), 2).await.unwrap();
    assert_eq!(listed, [twin, session(1)]);
    assert_eq!(repo.list_sessions(None, 100).await.unwrap().len(), 4);
}

pub(crate) async fn many_segments_fit_one_commit(repo: &dyn Repo) {
    let begun = session(1);
    begin(repo, &begun).await;
    let session = ready(begun);
    let many: Vec<_> = (0..12_000)
        .map(|n| segment(tenant_id(1, 0), "shelving", &format!("e{n:05}"), 1))
        .collect();
    assert!(repo.commit_session(&session, &many, None).await.unwrap());
    assert_eq!(held(repo, &session).await, many);
    let deleted = repo
        .destroy_session("demo_0001", noon(), &[])
        .await
        .unwrap();
    assert_eq!(deleted.len(), many.len());
}
