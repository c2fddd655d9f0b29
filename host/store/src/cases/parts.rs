//! Parts of an open session are replaced.

use super::library::{
    begin, cloned, create, held, later, lease, made_by, noon, raised, segment, segments, session,
    tenant_id,
};
use crate::{Replaced, Repo, RepoError};
use levain_model::{SessionStatus, TriggerStatus};

pub(crate) async fn a_domain_can_be_replaced(repo: &dyn Repo) {
    let mut session = create(repo, 1).await;
    let tenant = tenant_id(1, 0);
    session.status = SessionStatus::Partial;
    session.error = Some("`lending` was deleted".to_owned());
    session.tenants[0].services[1].content_digest = Some("d2".to_owned());
    session.tenants[1].services[0].unavailable_references = 3;
    let books = [segment(tenant, "shelving", "book", 7)];
    let replaced = [cloned(tenant, "shelving")];
    // Repeating it changes nothing.
    for _ in 0..2 {
        assert!(
            repo.replace_data(
                &session,
                later(repo).await,
                Replaced::Parts(&replaced),
                &books,
                None
            )
            .await
            .unwrap()
        );
        // The next change has read the new epoch.
        session.epoch += 1;
        let mut expected = segments(&session);
        expected.retain(|kept| kept.tenant_id != tenant || kept.domain != "shelving");
        expected.insert(3, books[0].clone());
        assert_eq!(held(repo, &session).await, expected);
        assert_eq!(
            repo.find_session("demo_0001").await.unwrap(),
            Some(session.clone())
        );
    }
}

pub(crate) async fn what_one_trigger_made_can_be_replaced(repo: &dyn Repo) {
    let mut session = create(repo, 1).await;
    create(repo, 2).await;
    let tenant = tenant_id(1, 0);
    let alerts = async |number| {
        repo.find_segments(tenant_id(number, 0), Some("raised"), Some("alert"))
            .await
            .unwrap()
    };
    let before = [
        made_by(tenant, "late-loans", 2),
        made_by(tenant, "lost-books", 1),
    ];
    assert_eq!(alerts(1).await, before);

    session.tenants[0].triggers[0].records = 4;
    session.tenants[0].triggers[0].by_status = [("open".to_owned(), 4)].into();
    let more = [made_by(tenant, "late-loans", 4)];
    let late = [raised(tenant, "late-loans")];
    assert!(
        repo.replace_data(
            &session,
            later(repo).await,
            Replaced::Parts(&late),
            &more,
            None
        )
        .await
        .unwrap()
    );
    session.epoch += 1;
    assert_eq!(alerts(1).await, [more[0].clone(), before[1].clone()]);
    assert_eq!(
        repo.find_session("demo_0001").await.unwrap(),
        Some(session.clone())
    );

    // Nothing in its place, and two at once.
    session.tenants[0].triggers[1].status = TriggerStatus::Skipped;
    session.tenants[0].triggers[1].reason = Some("`lending` was deleted".to_owned());
    let both = [raised(tenant, "late-loans"), raised(tenant, "lost-books")];
    assert!(
        repo.replace_data(
            &session,
            later(repo).await,
            Replaced::Parts(&both),
            &more,
            None
        )
        .await
        .unwrap()
    );
    session.epoch += 1;
    assert_eq!(alerts(1).await, more);
    assert_eq!(
        repo.find_session("demo_0001").await.unwrap(),
        Some(session.clone())
    );
    assert_eq!(alerts(2).await.len(), 2);
    let outlet = repo.find_segments(tenant_id(1, 1), Some("raised"), None);
    assert_eq!(outlet.await.unwrap().len(), 2);
}

pub(crate) async fn only_what_is_replaced_is_written(repo: &dyn Repo) {
    let session = create(repo, 1).await;
    create(repo, 2).await;
    let before = segments(&session);
    let deadline = later(repo).await;
    let tenant = tenant_id(1, 0);
    let late = raised(tenant, "late-loans");
    for foreign in [
        made_by(tenant, "lost-books", 1),
        made_by(tenant_id(1, 1), "late-loans", 1),
        segment(tenant, "raised", "alert", 1),
        segment(tenant, "lending", "loan", 1),
    ] {
        let refused = repo
            .replace_data(
                &session,
                deadline,
                Replaced::Parts(std::slice::from_ref(&late)),
                &[foreign],
                None,
            )
            .await
            .unwrap_err();
        assert!(matches!(
            refused,
            RepoError::Corrupt {
                what: "segment",
                ..
            }
        ));
    }
    // A part of another session.
    let other = raised(tenant_id(2, 0), "late-loans");
    assert!(
        repo.replace_data(&session, deadline, Replaced::Parts(&[other]), &[], None)
            .await
            .is_err()
    );
    // One segment twice: what was deleted for it is there again.
    let twice = [
        made_by(tenant, "late-loans", 7),
        made_by(tenant, "late-loans", 7),
    ];
    let refused = repo
        .replace_data(&session, deadline, Replaced::Parts(&[late]), &twice, None)
        .await;
    assert!(matches!(
        refused,
        Err(RepoError::Conflict { what: "segment" })
    ));
    assert_eq!(held(repo, &session).await, before);
}

pub(crate) async fn parts_of_a_session_that_is_not_open_are_not_replaced(repo: &dyn Repo) {
    let begun = session(2);
    begin(repo, &begun).await;
    assert!(
        !repo
            .replace_data(&begun, later(repo).await, Replaced::Parts(&[]), &[], None)
            .await
            .unwrap()
    );

    let mut session = create(repo, 1).await;
    repo.begin_destroying("demo_0001", &lease()).await.unwrap();
    let tenant = tenant_id(1, 0);
    session.tenants[0].triggers[0].records = 9;
    let replaced = [cloned(tenant, "shelving"), raised(tenant, "late-loans")];
    let written = [
        segment(tenant, "shelving", "book", 7),
        made_by(tenant, "late-loans", 9),
    ];
    for _ in 0..2 {
        assert!(
            !repo
                .replace_data(
                    &session,
                    later(repo).await,
                    Replaced::Parts(&replaced),
                    &written,
                    None
                )
                .await
                .unwrap()
        );
        repo.destroy_session("demo_0001", noon(), &[])
            .await
            .unwrap();
    }
    assert!(held(repo, &session).await.is_empty());
    let ledger = repo.find_session("demo_0001").await.unwrap().unwrap();
    assert_eq!(ledger.tenants[0].triggers[0].records, 2);
}
