//! The registry of plugins: revisions, one after the other, and the components that they name.

use std::collections::BTreeMap;

use super::library::{begin, create, later, lease, noon, ready, session};
use crate::{Inserted, Replaced, Repo, RepoError};
use levain_model::{Cause, ComponentRow, Revision};

fn revision(number: u32, cause: Cause, lending: &str) -> Revision {
    Revision {
        revision: number,
        cause,
        made_at: noon(),
        made_by: "a librarian — «Zentral»".to_owned(),
        active: BTreeMap::from([("lending".to_owned(), lending.to_owned())]),
    }
}

fn component(digest: &str) -> ComponentRow {
    ComponentRow {
        digest: digest.to_owned(),
        bytes: format!("\0asm {digest}").into_bytes(),
    }
}

/// Later than every revision here was made.
fn after() -> chrono::DateTime<chrono::Utc> {
    noon() + std::time::Duration::from_secs(1)
}

async fn install(repo: &dyn Repo, number: u32, digest: &str) {
    let made = revision(number, Cause::Install, digest);
    let kept = repo.append_revision(&made, &[component(digest)]).await;
    assert!(kept.unwrap());
}

pub(crate) async fn the_registry_changes_by_one_revision_after_the_other(repo: &dyn Repo) {
    assert_eq!(repo.find_revision(None).await.unwrap(), None);
    assert_eq!(repo.find_component("d1").await.unwrap(), None);
    let first = revision(1, Cause::Fill, "d1");
    let kept = repo.append_revision(&first, &[component("d1")]).await;
    assert!(kept.unwrap());
    assert_eq!(repo.find_revision(None).await.unwrap(), Some(first.clone()));
    let bytes = repo.find_component("d1").await.unwrap();
    assert_eq!(bytes, Some(component("d1").bytes));

    // Neither the same number again, nor one that leaves a gap, nor one of a component that is not there.
    for number in [1, 3] {
        let other = revision(number, Cause::Install, "d2");
        let kept = repo.append_revision(&other, &[component("d2")]).await;
        assert!(!kept.unwrap(), "revision {number}");
    }
    assert_eq!(repo.find_component("d2").await.unwrap(), None);
    let unknown = revision(2, Cause::Install, "d9");
    let refused = repo.append_revision(&unknown, &[]).await;
    assert!(matches!(refused, Err(RepoError::Corrupt { .. })));

    install(repo, 2, "d2").await;
    // What is kept already need not be brought, and may be.
    let back = revision(3, Cause::Rollback, "d1");
    assert!(repo.append_revision(&back, &[]).await.unwrap());
    install(repo, 4, "d1").await;
    let all = repo.list_revisions().await.unwrap();
    let numbers: Vec<u32> = all.iter().map(|one| one.revision).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert_eq!(all.first(), Some(&first));
    assert_eq!(all.get(2), Some(&back));
    assert_eq!(repo.find_revision(Some(3)).await.unwrap(), Some(back));
    assert_eq!(repo.find_revision(Some(5)).await.unwrap(), None);
}

pub(crate) async fn a_session_is_of_the_newest_revision(repo: &dyn Repo) {
    let before = create(repo, 1).await;
    assert_eq!(before.plugin_revision, 0);
    install(repo, 1, "d1").await;
    install(repo, 2, "d2").await;
    let begun = session(2);
    let inserted = repo.insert_session(&begun, &lease(), None).await.unwrap();
    assert_eq!(inserted, Inserted::New { plugin_revision: 2 });
    install(repo, 3, "d3").await;
    let revision_of = async |id: &str| {
        let found = repo.find_session(id).await.unwrap();
        found.unwrap().plugin_revision
    };
    assert_eq!(
        revision_of("demo_0002").await,
        2,
        "it stays what it began with"
    );

    // Data that is replaced is of the revision that it was made of.
    let mut renewed = ready(begun);
    assert!(repo.commit_session(&renewed, &[], None).await.unwrap());
    renewed.plugin_revision = 3;
    let deadline = later(repo).await;
    let replaced = repo.replace_data(&renewed, deadline, Replaced::Everything, &[], None);
    assert!(replaced.await.unwrap());
    assert_eq!(revision_of("demo_0002").await, 3);
    assert_eq!(revision_of("demo_0001").await, 0);
}

pub(crate) async fn components_that_nothing_names_are_collected(repo: &dyn Repo) {
    assert!(repo.collect_components(after()).await.unwrap().is_empty());
    install(repo, 1, "d1").await;
    begin(repo, &session(1)).await;
    for number in 2..=7 {
        install(repo, number, &format!("d{number}")).await;
    }
    // What was replaced just now may still be what a session is made of.
    assert_eq!(repo.collect_components(noon()).await.unwrap().len(), 7);
    // A session is of the first, and three rollbacks lead from the last.
    let stay = repo.collect_components(after()).await.unwrap();
    assert_eq!(stay, ["d1", "d4", "d5", "d6", "d7"]);
    assert_eq!(repo.find_component("d2").await.unwrap(), None);
    assert!(repo.find_component("d1").await.unwrap().is_some());

    // A receipt is kept for as long as its session is in the ledger.
    repo.destroy_session("demo_0001", noon(), &[])
        .await
        .unwrap();
    assert_eq!(repo.collect_components(after()).await.unwrap().len(), 5);
    let later = noon() + std::time::Duration::from_secs(1);
    assert_eq!(repo.prune(later, noon()).await.unwrap(), 1);
    let stay = repo.collect_components(after()).await.unwrap();
    assert_eq!(stay, ["d4", "d5", "d6", "d7"]);
    // The history of what served is not forgotten.
    assert_eq!(repo.list_revisions().await.unwrap().len(), 7);
}
