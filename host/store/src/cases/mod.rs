//! What every store must do, written once against the trait and run over each of them.

mod ending;
mod fingerprints;
mod keeping;
mod library;
mod living;
mod parts;
mod receipts;
mod registry;

pub(super) use ending::*;
pub(super) use fingerprints::*;
pub(super) use keeping::*;
pub(super) use library::{begin, claim, lease, noon, segment, session};
pub(super) use living::*;
pub(super) use parts::*;
pub(super) use receipts::*;
pub(super) use registry::*;

/// Makes one test of every case for a store; `$open` gives a fresh one and what keeps it alive,
/// or nothing where there is no such store to be tested.
macro_rules! repo_cases {
    ($open:path) => {
        $crate::cases::repo_cases! { $open;
            a_session_reads_back_as_it_was_written,
            a_taken_id_is_a_conflict,
            a_commit_shows_everything_at_once,
            a_commit_after_a_deletion_does_nothing,
            a_commit_after_the_lease_does_nothing,
            a_commit_that_fails_leaves_nothing,
            a_failed_session_holds_nothing,
            sessions_are_listed_newest_first,
            a_tenant_leads_to_its_session_until_that_is_destroyed,
            destroying_is_repeatable,
            destroying_touches_nobody_else,
            a_destroyed_session_stays_destroyed,
            a_domain_can_be_replaced,
            what_one_trigger_made_can_be_replaced,
            only_what_is_replaced_is_written,
            parts_of_a_session_that_is_not_open_are_not_replaced,
            a_domain_can_be_deleted,
            many_segments_fit_one_commit,
            what_is_cloning_beyond_its_lease_is_failed,
            what_is_due_is_claimed_once,
            a_destruction_beyond_its_lease_is_taken_over,
            a_cleanup_that_keeps_failing_is_left_alone,
            leases_end_where_nobody_else_can_hold_one,
            the_ledger_forgets_what_is_old,
            a_session_is_extended_so_often,
            everything_can_be_replaced,
            a_receipt_is_kept_with_what_it_tells_of,
            the_registry_changes_by_one_revision_after_the_other,
            a_session_is_of_the_newest_revision,
            components_that_nothing_names_are_collected,
            a_key_makes_one_session,
            fingerprints_of_the_first_host_stay,
            fingerprints_are_replaced_on_purpose,
            sessions_are_counted,
            a_closed_store_is_unavailable,
        }
    };
    ($open:path; $($case:ident,)+) => {
        $(
            #[tokio::test]
            async fn $case() {
                let Some((_alive, repo)) = $open().await else {
                    return;
                };
                $crate::cases::$case(&repo).await;
            }
        )+
    };
}
pub(super) use repo_cases;
