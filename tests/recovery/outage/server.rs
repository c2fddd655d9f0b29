//! PostgreSQL, when it is stopped and started.

use super::load::{Away, through};
use crate::recovery::scene::{Scene, read};
use crate::recovery::sound::sound;
use crate::support::{Puppets, Relay, on_postgres};

#[test]
fn a_server_that_goes_away_is_waited_for() {
    if !on_postgres() {
        return;
    }
    let scene = Scene::of(&Puppets::new());
    let (server, through_relay) = scene.server();
    let relay = Relay::to(server);
    relay.open();
    let host = scene.host_over(&through_relay(relay.address), &[]);
    let creations = through(&host, Away::Wholly, || relay.close(), || relay.open());
    scene.settle();
    scene.look(sound);
    for creation in creations.iter().filter(|creation| creation.made()) {
        let (_, shown, status, page) = read(&host, &creation.body);
        assert_eq!((status, &page["total"]), (200, &2.into()), "{shown:#}");
    }
    let (code, said) = host.stop();
    assert_eq!(code, Some(0), "{said}");
}
