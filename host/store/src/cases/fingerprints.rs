//! Fingerprints of keys: the first host's stay until they are replaced.

use crate::Repo;
use levain_model::{KeyFingerprint, KeyName};

fn keys(token: &str, receipt: &str) -> [KeyFingerprint; 2] {
    [(KeyName::Token, token), (KeyName::Receipt, receipt)].map(|(name, fingerprint)| {
        KeyFingerprint {
            name,
            fingerprint: fingerprint.to_owned(),
        }
    })
}

pub(crate) async fn fingerprints_of_the_first_host_stay(repo: &dyn Repo) {
    let (left, right) = (keys("t1", "r1"), keys("t2", "r2"));
    let (seen_by_left, seen_by_right) = tokio::join!(
        repo.keep_fingerprints(&left, false),
        repo.keep_fingerprints(&right, false)
    );
    let first = seen_by_left.unwrap();
    assert!(first == left || first == right, "of one host: {first:?}");
    assert_eq!(seen_by_right.unwrap(), first);
    // Each key by itself: one that is the same is not the other.
    let mixed = keys(&first[0].fingerprint, "r3");
    assert_eq!(repo.keep_fingerprints(&mixed, false).await.unwrap(), first);
}

pub(crate) async fn fingerprints_are_replaced_on_purpose(repo: &dyn Repo) {
    let (before, after) = (keys("t1", "r1"), keys("t2", "r1"));
    repo.keep_fingerprints(&before, false).await.unwrap();
    assert_eq!(repo.keep_fingerprints(&after, true).await.unwrap(), after);
    assert_eq!(repo.keep_fingerprints(&before, false).await.unwrap(), after);
}
