//! Calls that take long step aside: those that do not are not kept waiting until their time is over.

use std::sync::Arc;

use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::support::{Hosting, Puppets, TestApp, guests_dir};

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_never_end_leave_their_turn_to_others() {
    let directory = TempDir::new().unwrap();
    let mut puppets = Puppets::new().with_timeout_ms(20_000);
    puppets.add_domain("endless", "puppet", 4000, "");
    puppets.add_account("attack", "endless", "loop");
    let catalog = puppets.write(&directory);
    let hosting = Hosting::load(&catalog, &guests_dir());
    let app = Arc::new(TestApp::with(&hosting, &[("creations_per_minute", "0")]).await);
    // As many as there are turns.
    let mut attacks = JoinSet::new();
    for _ in 0..2 {
        let app = Arc::clone(&app);
        attacks.spawn(async move { app.create("attack").await });
    }
    let mut visits = 0;
    while attacks.try_join_next().is_none() {
        let session = app.create("show").await.expect(200);
        assert_eq!(session["status"], "READY", "{session:#}");
        visits += 1;
    }
    // One that came at the wrong moment would have waited for all of their time, and the next one after it.
    assert!(visits >= 4, "{visits} visits while they looped");
}
