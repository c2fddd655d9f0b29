//! Receipts: committed with their data, and kept as long as the session's row.

use std::time::Duration;

use super::library::{begin, later, noon, ready, segments, session};
use crate::{Replaced, Repo};

pub(crate) async fn a_receipt_is_kept_with_what_it_tells_of(repo: &dyn Repo) {
    let begun = session(1);
    begin(repo, &begun).await;
    assert_eq!(repo.find_receipt("demo_0001").await.unwrap(), None);
    let session = ready(begun);
    let held = segments(&session);
    let committed = repo.commit_session(&session, &held, Some("the first — «1»"));
    assert!(committed.await.unwrap());
    let found = || async { repo.find_receipt("demo_0001").await.unwrap() };
    assert_eq!(found().await.as_deref(), Some("the first — «1»"));

    // What is not committed leaves the receipt as it was.
    let passed = repo.deadline(Duration::ZERO).await.unwrap();
    let all = Replaced::Everything;
    let late = repo.replace_data(&session, passed, all, &held, Some("too late"));
    assert!(!late.await.unwrap());
    let again = repo.commit_session(&session, &held, Some("twice"));
    assert!(!again.await.is_ok_and(|kept| kept));
    assert_eq!(found().await.as_deref(), Some("the first — «1»"));

    let deadline = later(repo).await;
    let replaced = repo.replace_data(&session, deadline, all, &held, Some("the second"));
    assert!(replaced.await.unwrap());
    assert_eq!(found().await.as_deref(), Some("the second"));

    repo.destroy_session("demo_0001", noon(), &[])
        .await
        .unwrap();
    assert_eq!(found().await.as_deref(), Some("the second"));
    let later = noon() + Duration::from_secs(1);
    assert_eq!(repo.prune(later, noon()).await.unwrap(), 1);
    assert_eq!(found().await, None);
    assert_eq!(repo.find_receipt("demo_0002\0").await.unwrap(), None);
}
