//! What every store must do, written once against the trait and run over each of them.

mod ending;
mod keeping;
mod library;

pub(super) use ending::*;
pub(super) use keeping::*;
pub(super) use library::{noon, segment, session};

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
