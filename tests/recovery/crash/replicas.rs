//! Several hosts on one PostgreSQL, one of which is killed again and again under load.

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::random::{Told, holds, visit};
use crate::recovery::scene::Scene;
use crate::recovery::sound::sound;
use crate::support::{Puppets, on_postgres};

/// How often one of them is killed.
const KILLS: usize = 4;

#[test]
fn what_was_told_holds_while_hosts_are_killed_one_by_one() {
    if !on_postgres() {
        // A file of SQLite is one host's: its lock says so.
        return;
    }
    let scene = Scene::of(&Puppets::new());
    let told = Told::default();
    let hosts: Vec<_> = (0..3).map(|_| RwLock::new(scene.host(&[]))).collect();
    let over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        for client in 0..3 {
            let (told, hosts, over) = (&told, &hosts, &over);
            threads.spawn(move || {
                for step in client.. {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    // A host that is being replaced answers nobody.
                    if let Ok(host) = hosts[step % 3].try_read() {
                        visit(told, &host, step);
                    }
                }
            });
        }
        for kill in 0..KILLS {
            std::thread::park_timeout(Duration::from_millis(1500));
            let slot = &hosts[kill % 3];
            slot.read().unwrap().signal("-KILL");
            *slot.write().unwrap() = scene.host(&[]);
        }
        over.store(true, Ordering::Relaxed);
    });
    scene.settle();
    scene.look(sound);
    for host in &hosts {
        holds(&told, &host.read().unwrap());
    }
    assert!(
        told.open.lock().unwrap().len() > 10,
        "hardly anything was created"
    );
}
