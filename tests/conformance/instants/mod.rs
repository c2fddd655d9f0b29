//! Every guaranteed state and edge case (domain specification, sections 4 and 5), at every creation
//! instant that could break one.

mod breaks;
mod calendar;
mod demand;
mod kpis;
mod moments;
mod orders;
mod procurement;
mod production;
mod quality;
mod stock;
mod told;

use std::collections::BTreeMap;

use super::raised::{self, Group};
use crate::support::TestApp;
use told::{Fixtures, Told};

/// What is looked at, each by its own queries.
const LOOKS: &[fn(&Told<'_>)] = &[
    production::look,
    stock::look,
    procurement::look,
    quality::look,
    orders::look,
    demand::look,
    kpis::look,
    calendar::look,
];

/// What is looked at of the group's head: its customers are wholesale, and its shops are its outlets.
const OF_A_HEAD: &[fn(&Told<'_>)] = &[
    production::look,
    stock::look,
    procurement::look,
    quality::look,
    orders::look,
    calendar::look,
];

/// What triggers made is held against the records as well.
type Raised = fn(&Group) -> Result<(), String>;

#[tokio::test(flavor = "multi_thread")]
async fn the_bakery_starts_in_the_guaranteed_state_at_every_instant() {
    hold("professional", LOOKS, raised::of_the_bakery).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_group_starts_in_the_guaranteed_state_at_every_instant() {
    hold("enterprise", OF_A_HEAD, raised::of_the_group).await;
}

async fn hold(account: &str, looks: &[fn(&Told<'_>)], raised: Raised) {
    let app = TestApp::bakery().await;
    let fixtures = Fixtures::read(app.sessions.catalog(), account);
    let mut missed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for now in moments::walked() {
        // READY: the host has held every clone to its schemas, rules and references.
        let session = app.create_at(account, now).await;
        let group = Group::of(&app, &session).await;
        let told = Told::new(now, group.head().records.clone(), &fixtures);
        for look in looks {
            look(&told);
        }
        let raised = raised(&group);
        told.claim("what triggers made", raised.is_ok(), raised);
        for (claim, found) in told.missed() {
            missed
                .entry(claim)
                .or_default()
                .push(format!("{}: {found}", now.to_rfc3339()));
        }
        let id = session["session_id"].as_str().unwrap();
        app.delete(&format!("/api/demo/sessions/{id}"))
            .await
            .expect(200);
    }
    let told: Vec<String> = missed
        .iter()
        .map(|(claim, at)| format!("{claim}: missed {} times, first at {}", at.len(), at[0]))
        .collect();
    assert!(told.is_empty(), "{told:#?}");
}
