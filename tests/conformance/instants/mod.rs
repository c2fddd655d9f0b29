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
use std::time::Instant;

use crate::support::{Records, TestApp};
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

#[tokio::test(flavor = "multi_thread")]
async fn every_guaranteed_state_holds_at_every_instant() {
    let app = TestApp::bakery().await;
    let fixtures = Fixtures::read(app.sessions.catalog(), "professional");
    let started = Instant::now();
    let moments = moments::all();
    let mut missed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for now in &moments {
        // READY: the host has held every clone to its schemas, rules and references.
        let session = app.create_at("professional", *now).await;
        let told = Told::new(*now, Records::of(&app, &session).await, &fixtures);
        for look in LOOKS {
            look(&told);
        }
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
    println!("{} instants in {:?}", moments.len(), started.elapsed());
    for (claim, at) in &missed {
        println!("{claim}: missed {} times, first at {}", at.len(), at[0]);
    }
    assert!(
        missed.is_empty(),
        "{:#?}",
        missed.keys().collect::<Vec<_>>()
    );
}
