//! Clients that go on asking whatever they are answered.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Host, until};

/// How long requests may go on failing once the store is back.
const RECOVERY: Duration = Duration::from_secs(10);

/// A creation as its client saw it.
#[derive(Clone)]
pub struct Creation {
    asked: Instant,
    answered: Instant,
    status: u16,
    retry_after: Option<String>,
    /// What the host said.
    pub body: Value,
}

impl Creation {
    fn ask(host: &Host) -> Self {
        let asked = Instant::now();
        let body = json!({"demo_account_type": "show"});
        let (status, headers, body) = host
            .try_answer(Method::POST, "/api/demo/sessions", &[], &body)
            .unwrap_or_else(|| panic!("the host answers nothing"));
        let retry_after = headers
            .get("retry-after")
            .map(|value| value.to_str().unwrap().to_owned());
        Self {
            asked,
            answered: Instant::now(),
            status,
            retry_after,
            body,
        }
    }

    /// Whether it made a session.
    pub fn made(&self) -> bool {
        self.status == 200
    }

    /// Whether it was refused as a store that is away has it.
    fn refused(&self) -> bool {
        self.status == 503
            && self.body["code"] == "store_unavailable"
            && self.retry_after.as_deref().is_some_and(|after| {
                after
                    .parse::<u64>()
                    .is_ok_and(|seconds| seconds <= RECOVERY.as_secs())
            })
    }
}

/// Says at its end that it is over, also where that is a failure: nobody then waits for the clients.
struct Until<'o>(&'o AtomicBool);

impl Drop for Until<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How a store is away.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Away {
    /// Nothing can be written.
    Wholly,
    /// What needs room cannot be written; the log that is there has some, for a while.
    Full,
}

/// Takes the store away under load and brings it back; what creations were answered all the while.
///
/// # Panics
/// Where an answer is neither a session nor the refusal of [`Creation::refused`], none is refused, a session
/// is made without the store, or none is made again in time.
pub fn through(
    host: &Host,
    away: Away,
    take_away: impl FnOnce(),
    bring_back: impl FnOnce(),
) -> Vec<Creation> {
    let all = Mutex::new(Vec::new());
    let over = AtomicBool::new(false);
    let pause = |seconds| std::thread::park_timeout(Duration::from_secs(seconds));
    let (mut gone, mut back, mut recovered) = (Instant::now(), Instant::now(), Instant::now());
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    ask(host, &all);
                }
            });
        }
        let _until = Until(&over);
        pause(1);
        take_away();
        if away == Away::Full {
            until("what needs room is refused", || {
                ask(host, &all).refused().then_some(())
            });
        }
        gone = Instant::now();
        pause(4);
        back = Instant::now();
        bring_back();
        until("a session is made again", || {
            ask(host, &all).made().then_some(())
        });
        recovered = Instant::now();
        pause(1);
    });
    let all = all.into_inner().unwrap();
    for creation in &all {
        let (status, body) = (creation.status, &creation.body);
        assert!(creation.made() || creation.refused(), "{status} {body:#}");
        if away == Away::Wholly && creation.asked > gone && creation.answered < back {
            assert!(creation.refused(), "made without a store: {body:#}");
        }
        if creation.asked > recovered {
            assert!(creation.made(), "not recovered after all: {body:#}");
        }
    }
    let took = recovered - back;
    assert!(took < RECOVERY, "a session was made again after {took:?}");
    let some = |is: &dyn Fn(&Creation) -> bool| all.iter().any(is);
    assert!(
        some(&|one| one.answered < gone && one.made()),
        "none was made before"
    );
    assert!(
        some(&|one| one.asked > gone && one.answered < back && one.refused()),
        "none was refused meanwhile"
    );
    assert!(
        some(&|one| one.asked > recovered),
        "nobody asked afterwards"
    );
    all
}

/// One creation more; it is kept with the others.
fn ask(host: &Host, all: &Mutex<Vec<Creation>>) -> Creation {
    let creation = Creation::ask(host);
    all.lock().unwrap().push(creation.clone());
    creation
}
