//! What every store must do, written once against the trait and run over each of them.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]
#![expect(clippy::indexing_slicing, reason = "a test stops where it fails")]

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use super::{Repo, RepoError, ServiceRow, ServiceStatus, SessionRow, SessionStatus, TenantRow};
use crate::segment::{EntityCounts, StoredSegment, sha256_hex};

/// Makes one test of every case for a store; `$open` gives a fresh one and what keeps it alive.
macro_rules! repo_cases {
    ($open:path) => {
        $crate::repo::cases::repo_cases! { $open;
            a_session_reads_back_as_it_was_written,
            a_taken_id_is_a_conflict,
            a_commit_shows_everything_at_once,
            a_commit_after_a_deletion_does_nothing,
            a_commit_that_fails_leaves_nothing,
            a_failed_session_holds_nothing,
            sessions_are_listed_newest_first,
            a_tenant_leads_to_its_session_until_that_is_destroyed,
            destroying_is_repeatable,
            destroying_touches_nobody_else,
            a_destroyed_session_stays_destroyed,
            a_domain_can_be_replaced,
            a_domain_of_a_session_that_is_gone_is_not_replaced,
            a_domain_can_be_deleted,
            many_segments_fit_one_commit,
            recovery_fails_what_was_cloning_and_ends_what_was_destroying,
            a_closed_store_is_unavailable,
        }
    };
    ($open:path; $($case:ident,)+) => {
        $(
            #[tokio::test]
            async fn $case() {
                let (_alive, repo) = $open().await;
                $crate::repo::cases::$case(&repo).await;
            }
        )+
    };
}
pub(super) use repo_cases;

/// The instant of every case.
pub(super) fn noon() -> DateTime<Utc> {
    "2026-03-02T12:00:00.000123Z".parse().unwrap()
}

/// A session of the library account: its own tenant and one outlet.
pub(super) fn session(number: u32) -> SessionRow {
    SessionRow {
        session_id: format!("demo_{number:04}"),
        account: "library".to_owned(),
        catalog_digest: "c0ffee".to_owned(),
        status: SessionStatus::Cloning,
        session_created_at: noon() - Duration::days(1),
        created_at: noon() + Duration::seconds(i64::from(number)),
        expires_at: noon() + Duration::minutes(30),
        cloning_completed_at: None,
        duration_ms: None,
        destroyed_at: None,
        extensions: 0,
        error: None,
        tenants: vec![tenant(number, 0), tenant(number, 1)],
    }
}

fn tenant(session: u32, position: u16) -> TenantRow {
    TenantRow {
        tenant_id: tenant_id(session, position),
        base_tenant_id: Uuid::from_fields(9, position, 0, &[0; 8]),
        outlet: (position > 0).then(|| format!("branch-{position}")),
        name: "Library — «Zentral»".to_owned(),
        services: ["lending", "shelving"]
            .map(|domain| service(domain, ServiceStatus::Pending))
            .into(),
    }
}

fn tenant_id(session: u32, position: u16) -> Uuid {
    Uuid::from_fields(session, position, 0, &[0xab; 8])
}

fn service(domain: &str, status: ServiceStatus) -> ServiceRow {
    ServiceRow {
        domain: domain.to_owned(),
        status,
        records: EntityCounts::new(),
        duration_ms: None,
        plugin_digest: None,
        fixture_digest: None,
        content_digest: None,
        unavailable_references: 0,
        error: None,
    }
}

/// A segment of `records` small records.
pub(super) fn segment(tenant_id: Uuid, domain: &str, entity: &str, records: u32) -> StoredSegment {
    let rows: Vec<_> = (0..records)
        .map(|n| serde_json::json!({ "id": n, "tenant_id": "of the record", "status": "lent" }))
        .collect();
    let rows = serde_json::to_string(&rows).unwrap();
    StoredSegment {
        tenant_id,
        domain: domain.to_owned(),
        entity: entity.to_owned(),
        digest: sha256_hex(rows.as_bytes()),
        rows,
        records,
    }
}

/// The segments of a session, in the order that the store gives them.
fn segments(session: &SessionRow) -> Vec<StoredSegment> {
    let mut all = Vec::new();
    for tenant in &session.tenants {
        all.push(segment(tenant.tenant_id, "lending", "loan", 3));
        all.push(segment(tenant.tenant_id, "shelving", "book", 5));
        all.push(segment(tenant.tenant_id, "shelving", "shelf", 0));
    }
    all
}

/// The session, cloned.
fn ready(mut session: SessionRow) -> SessionRow {
    session.status = SessionStatus::Ready;
    session.cloning_completed_at = Some(noon() + Duration::milliseconds(40));
    session.duration_ms = Some(40.25);
    for service in session.tenants.iter_mut().flat_map(|t| &mut t.services) {
        service.status = ServiceStatus::Completed;
        service.records = EntityCounts::from([("book".to_owned(), 5)]);
        service.content_digest = Some("d1".to_owned());
    }
    session
}

/// Writes a session and commits it.
async fn create(repo: &dyn Repo, number: u32) -> SessionRow {
    let session = session(number);
    repo.insert_session(&session).await.unwrap();
    let session = ready(session);
    let held = segments(&session);
    assert!(repo.commit_session(&session, &held).await.unwrap());
    session
}

async fn held(repo: &dyn Repo, session: &SessionRow) -> Vec<StoredSegment> {
    let mut all = Vec::new();
    for tenant in &session.tenants {
        all.extend(repo.find_segments(tenant.tenant_id, None).await.unwrap());
    }
    all
}

pub(super) async fn a_session_reads_back_as_it_was_written(repo: &dyn Repo) {
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

pub(super) async fn a_taken_id_is_a_conflict(repo: &dyn Repo) {
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

pub(super) async fn a_commit_shows_everything_at_once(repo: &dyn Repo) {
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

pub(super) async fn a_commit_after_a_deletion_does_nothing(repo: &dyn Repo) {
    let begun = session(1);
    repo.insert_session(&begun).await.unwrap();
    let had = repo.begin_destroying("demo_0001").await.unwrap();
    assert_eq!(had, Some(SessionStatus::Cloning));
    let session = ready(begun);
    let late = segments(&session);
    assert!(!repo.commit_session(&session, &late).await.unwrap());
    repo.destroy_session("demo_0001", noon()).await.unwrap();
    assert!(!repo.commit_session(&session, &late).await.unwrap());
    assert!(held(repo, &session).await.is_empty());

    let unknown = ready(super::cases::session(7));
    assert!(!repo.commit_session(&unknown, &[]).await.unwrap());
}

pub(super) async fn a_commit_that_fails_leaves_nothing(repo: &dyn Repo) {
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

pub(super) async fn a_failed_session_holds_nothing(repo: &dyn Repo) {
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

pub(super) async fn sessions_are_listed_newest_first(repo: &dyn Repo) {
    for number in [2, 1, 3] {
        repo.insert_session(&session(number)).await.unwrap();
    }
    let listed = repo.list_sessions(2).await.unwrap();
    assert_eq!(listed, [session(3), session(2)]);
    assert_eq!(repo.list_sessions(100).await.unwrap().len(), 3);
}

pub(super) async fn a_tenant_leads_to_its_session_until_that_is_destroyed(repo: &dyn Repo) {
    let session = create(repo, 1).await;
    create(repo, 2).await;
    let found = repo.find_session_of_tenant(tenant_id(1, 1)).await.unwrap();
    assert_eq!(found, Some(session.clone()));
    let found = repo.find_session_of_tenant(tenant_id(3, 0)).await.unwrap();
    assert_eq!(found, None);

    repo.destroy_session("demo_0001", noon()).await.unwrap();
    let found = repo.find_session_of_tenant(tenant_id(1, 1)).await.unwrap();
    assert_eq!(found, None);
    // The identifier is free for the same session once more.
    let mut again = super::cases::session(1);
    again.session_id = "demo_again".to_owned();
    repo.insert_session(&again).await.unwrap();
    let found = repo.find_session_of_tenant(tenant_id(1, 1)).await.unwrap();
    assert_eq!(found, Some(again));
}

pub(super) async fn destroying_is_repeatable(repo: &dyn Repo) {
    let session = create(repo, 1).await;
    let had = repo.begin_destroying("demo_0001").await.unwrap();
    assert_eq!(had, Some(SessionStatus::Ready));
    let deleted = repo.destroy_session("demo_0001", noon()).await.unwrap();
    assert_eq!(deleted.len(), 6);
    assert_eq!(deleted.iter().map(|gone| gone.records).sum::<u32>(), 16);
    assert!(held(repo, &session).await.is_empty());
    for _ in 0..2 {
        let later = noon() + Duration::hours(1);
        assert!(
            repo.destroy_session("demo_0001", later)
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
        repo.destroy_session("demo_none", noon())
            .await
            .unwrap()
            .is_empty()
    );
}

pub(super) async fn destroying_touches_nobody_else(repo: &dyn Repo) {
    let gone = create(repo, 1).await;
    let kept = create(repo, 2).await;
    repo.destroy_session("demo_0001", noon()).await.unwrap();
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
        repo.destroy_session("demo_0001", noon())
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(held(repo, &again).await, written);
}

pub(super) async fn a_destroyed_session_stays_destroyed(repo: &dyn Repo) {
    create(repo, 1).await;
    repo.destroy_session("demo_0001", noon()).await.unwrap();
    let had = repo.begin_destroying("demo_0001").await.unwrap();
    assert_eq!(had, Some(SessionStatus::Destroyed));
    let ledger = repo.find_session("demo_0001").await.unwrap().unwrap();
    assert_eq!(ledger.status, SessionStatus::Destroyed);
}

pub(super) async fn a_domain_can_be_replaced(repo: &dyn Repo) {
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

pub(super) async fn a_domain_of_a_session_that_is_gone_is_not_replaced(repo: &dyn Repo) {
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
        repo.destroy_session("demo_0001", noon()).await.unwrap();
    }
    assert!(held(repo, &session).await.is_empty());
}

pub(super) async fn a_domain_can_be_deleted(repo: &dyn Repo) {
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

pub(super) async fn many_segments_fit_one_commit(repo: &dyn Repo) {
    let begun = session(1);
    repo.insert_session(&begun).await.unwrap();
    let session = ready(begun);
    let many: Vec<_> = (0..12_000)
        .map(|n| segment(tenant_id(1, 0), "shelving", &format!("e{n:05}"), 1))
        .collect();
    assert!(repo.commit_session(&session, &many).await.unwrap());
    assert_eq!(held(repo, &session).await, many);
    let deleted = repo.destroy_session("demo_0001", noon()).await.unwrap();
    assert_eq!(deleted.len(), many.len());
}

pub(super) async fn recovery_fails_what_was_cloning_and_ends_what_was_destroying(repo: &dyn Repo) {
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

pub(super) async fn a_closed_store_is_unavailable(repo: &dyn Repo) {
    repo.ping().await.unwrap();
    repo.close().await;
    assert!(matches!(repo.ping().await, Err(RepoError::Unavailable(_))));
    assert!(matches!(
        repo.insert_session(&session(1)).await,
        Err(RepoError::Unavailable(_))
    ));
}
