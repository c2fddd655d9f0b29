//! Killed at random moments of creations, resets and deletions.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use axum::http::Method;
use serde_json::Value;

use crate::recovery::scene::{Scene, act, create, id, read};
use crate::recovery::sound::sound;
use crate::support::{Host, Puppets};

/// How many rounds there are where nothing else is said.
const ROUNDS: u32 = 4;

/// Sessions that clients were told of.
#[derive(Default)]
pub struct Told {
    /// Created, and not asked to be deleted since.
    pub open: Mutex<Vec<Value>>,
    /// Deleted, as the answer said.
    pub deleted: Mutex<Vec<Value>>,
}

/// One visit: a session is created, and reset or deleted at some steps.
pub fn visit(told: &Told, host: &Host, step: usize) {
    let Some((status, session)) = create(host) else {
        return;
    };
    if status != 200 {
        return;
    }
    if step % 3 == 1 {
        // Whatever becomes of it, the session stays.
        let _ = act(host, Method::POST, id(&session), "/reset");
    }
    if step % 3 == 2 {
        // Nobody can say what became of it until there is an answer.
        if let Some((200, _)) = act(host, Method::DELETE, id(&session), "") {
            told.deleted.lock().unwrap().push(session);
        }
        return;
    }
    told.open.lock().unwrap().push(session);
}

/// Everything that was told holds.
pub fn holds(told: &Told, host: &Host) {
    let mut seen = BTreeSet::new();
    for session in told.open.lock().unwrap().iter() {
        let (_, shown, status, page) = read(host, session);
        assert_eq!(
            (status, &page["total"]),
            (200, &Value::from(2)),
            "{shown:#}"
        );
        assert!(
            seen.insert(id(session).to_owned()),
            "one session was given twice"
        );
    }
    for session in told.deleted.lock().unwrap().iter() {
        let (_, shown, status, _) = read(host, session);
        assert_eq!((&shown["status"], status), (&Value::from("DESTROYED"), 410));
    }
}

#[test]
fn what_was_told_holds_after_every_kill() {
    let rounds = std::env::var("LEVAIN_CRASH_ROUNDS").map_or(ROUNDS, |text| text.parse().unwrap());
    let scene = Scene::of(&Puppets::new());
    let told = Told::default();
    // The same moments in every run; what the processes do in them differs all the same.
    let mut moment = 0x9E37_79B9_u32;
    for _ in 0..rounds {
        moment = moment.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let host = scene.host(&[]);
        std::thread::scope(|threads| {
            for client in 0..4 {
                let (told, host) = (&told, &host);
                threads.spawn(move || {
                    for step in client..client + 200 {
                        visit(told, host, step);
                        if host
                            .try_call(Method::GET, "/healthz", &[], &Value::Null)
                            .is_none()
                        {
                            return;
                        }
                    }
                });
            }
            std::thread::park_timeout(Duration::from_millis(u64::from(moment >> 16) % 700 + 20));
            host.signal("-KILL");
        });
        host.kill();
    }
    let host = scene.host(&[]);
    scene.settle();
    scene.look(sound);
    holds(&told, &host);
    assert!(
        !told.open.lock().unwrap().is_empty(),
        "nothing was ever created"
    );
}
