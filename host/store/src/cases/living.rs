//! Sessions are extended, replaced whole, counted, and asked for twice.

use std::time::Duration;

use chrono::TimeDelta;

use super::library::{
    begin, create, held, later, lease, noon, ready, segment, segments, session, tenant_id,
};
use crate::{IdempotencyKey, Inserted, KeyUse, Replaced, Repo};
use levain_model::{Session, SessionCounts, SessionStatus};

const HALF_AN_HOUR: Duration = Duration::from_secs(1800);

pub(crate) async fn a_session_is_extended_so_often(repo: &dyn Repo) {
    let mut open = create(repo, 1).await;
    create(repo, 2).await;
    let extend = async |now| {
        repo.extend_session("demo_0001", now, HALF_AN_HOUR, 2)
            .await
            .unwrap()
    };
    for times in 1..=2 {
        assert!(extend(noon()).await);
        open.extensions = times;
        open.expires_at += TimeDelta::minutes(30);
        assert_eq!(
            repo.find_session("demo_0001").await.unwrap().as_ref(),
            Some(&open)
        );
    }
    assert!(!extend(noon()).await, "twice is the most");

    let over = noon() + TimeDelta::minutes(30);
    let late = repo.extend_session("demo_0002", over, HALF_AN_HOUR, 2);
    assert!(!late.await.unwrap(), "its time is over");
    begin(repo, &session(3)).await;
    let early = repo.extend_session("demo_0003", noon(), HALF_AN_HOUR, 2);
    assert!(!early.await.unwrap(), "it is CLONING");
    repo.begin_destroying("demo_0002", &lease()).await.unwrap();
    let gone = repo.extend_session("demo_0002", noon(), HALF_AN_HOUR, 2);
    assert!(!gone.await.unwrap(), "it is DESTROYING");
}

pub(crate) async fn everything_can_be_replaced(repo: &dyn Repo) {
    let mut session = create(repo, 1).await;
    let other = create(repo, 2).await;
    assert!(
        repo.extend_session("demo_0001", noon(), HALF_AN_HOUR, 3)
            .await
            .unwrap()
    );
    let stale = session.clone();
    session.status = SessionStatus::Partial;
    session.session_created_at = noon();
    session.catalog_digest = "decaf".to_owned();
    session.duration_ms = Some(7.5);
    let fresh = [segment(tenant_id(1, 1), "shelving", "book", 9)];
    let deadline = later(repo).await;
    let all = Replaced::Everything;
    let replaced = repo
        .replace_data(&session, deadline, all, &fresh, None)
        .await;
    assert!(replaced.unwrap());
    assert_eq!(held(repo, &session).await, fresh);
    // Its own time is what the extension made it.
    session.epoch += 1;
    session.extensions = 1;
    session.expires_at += TimeDelta::minutes(30);
    let stored = repo.find_session("demo_0001").await.unwrap();
    assert_eq!(stored.as_ref(), Some(&session));

    let late = repo.replace_data(&stale, deadline, all, &[], None).await;
    assert!(!late.unwrap(), "what was read before is of another epoch");
    let passed = repo.deadline(Duration::ZERO).await.unwrap();
    let late = repo.replace_data(&session, passed, Replaced::Everything, &[], None);
    assert!(!late.await.unwrap(), "its deadline has passed");
    assert_eq!(repo.find_session("demo_0001").await.unwrap(), stored);
    assert_eq!(held(repo, &session).await, fresh);
    assert_eq!(held(repo, &other).await, segments(&other));
}

pub(crate) async fn a_key_makes_one_session(repo: &dyn Repo) {
    let key = |request: &str| IdempotencyKey {
        digest: "k1".to_owned(),
        request: request.to_owned(),
        expires_at: noon() + TimeDelta::hours(24),
    };
    let insert = async |number, request| {
        repo.insert_session(&session(number), &lease(), Some(&key(request)))
            .await
            .unwrap()
    };
    let new = Inserted::New { plugin_revision: 0 };
    assert_eq!(insert(1, "r1").await, new);
    let before = Inserted::Before(KeyUse {
        session_id: "demo_0001".to_owned(),
        request: "r1".to_owned(),
    });
    assert_eq!(insert(2, "r1").await, before);
    assert_eq!(insert(3, "r2").await, before);
    assert_eq!(repo.find_session("demo_0002").await.unwrap(), None);
    assert_eq!(repo.find_session("demo_0003").await.unwrap(), None);

    // A session that was not written does not use up its key.
    let insert_at = async |session: Session, key: &IdempotencyKey| {
        repo.insert_session(&session, &lease(), Some(key)).await
    };
    let mut taken = session(1);
    taken.session_id = "demo_0009".to_owned();
    let second = IdempotencyKey {
        digest: "k2".to_owned(),
        ..key("r1")
    };
    assert!(insert_at(taken, &second).await.is_err());
    assert_eq!(insert_at(session(4), &second).await.unwrap(), new);

    // What has ended is free again.
    let mut tomorrow = session(5);
    tomorrow.created_at = noon() + TimeDelta::hours(24);
    assert_eq!(insert_at(tomorrow, &key("r3")).await.unwrap(), new);
    let forget = async |hours| {
        let now = noon() + TimeDelta::hours(hours);
        repo.prune(noon(), now).await.unwrap();
    };
    forget(23).await;
    let used = insert_at(session(6), &second).await.unwrap();
    assert!(matches!(used, Inserted::Before(_)), "it has an hour left");
    forget(24).await;
    assert_eq!(insert_at(session(6), &second).await.unwrap(), new);
}

pub(crate) async fn sessions_are_counted(repo: &dyn Repo) {
    let count = async |now| repo.count_sessions(now).await.unwrap();
    assert_eq!(count(noon()).await, SessionCounts::default());
    create(repo, 1).await;
    create(repo, 2).await;
    begin(repo, &session(3)).await;
    let mut small = session(4);
    small.account = "reading-room".to_owned();
    begin(repo, &small).await;
    assert!(repo.commit_session(&ready(small), &[], None).await.unwrap());
    repo.begin_destroying("demo_0002", &lease()).await.unwrap();
    let counts = |library, room, pending| SessionCounts {
        active: [
            ("library".to_owned(), library),
            ("reading-room".to_owned(), room),
        ]
        .into(),
        pending_cleanup: pending,
    };
    assert_eq!(count(noon()).await, counts(1, 1, 1));
    let over = noon() + TimeDelta::minutes(30);
    assert_eq!(count(over).await, counts(0, 0, 3));
}
