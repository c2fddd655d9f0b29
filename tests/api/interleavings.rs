//! Whatever is done to several sessions at once, none sees, keeps or loses what is another's.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::Method;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::support::{Puppets, TestApp};

/// What is done to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Create,
    Extend,
    Reset,
    Delete,
    /// The host's own sweep.
    Sweep,
}

fn acts() -> impl Strategy<Value = Vec<(usize, Act)>> {
    let act = prop_oneof![
        3 => Just(Act::Create),
        2 => Just(Act::Extend),
        3 => Just(Act::Reset),
        2 => Just(Act::Delete),
        1 => Just(Act::Sweep),
    ];
    proptest::collection::vec((0..4_usize, act), 1..6)
}

/// Batches of acts, each of which is done at once, and how many minutes pass before it.
fn stories() -> impl Strategy<Value = Vec<(u64, Vec<(usize, Act)>)>> {
    proptest::collection::vec((0..20_u64, acts()), 2..7)
}

/// Sessions that were given to the visitors, and what is known of each.
#[derive(Default)]
struct World {
    sessions: Vec<Given>,
}

struct Given {
    answer: Value,
    /// Minutes since the beginning when it ends, as far as it was told.
    ends: u64,
    deleted: bool,
}

async fn tell(app: &TestApp, story: &[(u64, Vec<(usize, Act)>)]) {
    let mut world = World::default();
    let mut now = 0;
    for (minutes, batch) in story {
        now += minutes;
        app.clock.advance(Duration::from_secs(60 * minutes));
        let answers = batch.iter().map(|(whose, act)| {
            let session = world.sessions.get(*whose).map(|given| id(&given.answer));
            perform(app, *act, session)
        });
        let answers = futures_util::future::join_all(answers).await;
        for ((whose, act), answer) in batch.iter().zip(answers) {
            learn(&mut world, *whose, *act, answer, now);
        }
        check(app, &world, now).await;
    }
}

fn id(session: &Value) -> String {
    session["session_id"].as_str().unwrap().to_owned()
}

async fn perform(app: &TestApp, act: Act, session: Option<String>) -> Option<(u16, Value)> {
    let path = |below: &str| Some(format!("/api/demo/sessions/{}{below}", session.as_ref()?));
    let (method, path, body) = match act {
        Act::Create => (
            Method::POST,
            "/api/demo/sessions".to_owned(),
            json!({"demo_account_type": "show"}),
        ),
        Act::Extend => (Method::POST, path("/extend")?, Value::Null),
        Act::Reset => (Method::POST, path("/reset")?, Value::Null),
        Act::Delete => (Method::DELETE, path("")?, Value::Null),
        Act::Sweep => {
            app.sessions.sweep().await.unwrap();
            return None;
        }
    };
    let answer = app.call(method, &path, &[], &body).await;
    let status = answer.status.as_u16();
    assert!(status < 500, "{path}: {}", answer.text);
    Some((status, answer.json()))
}

fn learn(world: &mut World, whose: usize, act: Act, answer: Option<(u16, Value)>, now: u64) {
    let Some((200, body)) = answer else { return };
    match act {
        Act::Create => world.sessions.push(Given {
            answer: body,
            ends: now + 30,
            deleted: false,
        }),
        Act::Extend => world.sessions[whose].ends += 30,
        Act::Delete => world.sessions[whose].deleted = true,
        Act::Reset | Act::Sweep => {}
    }
}

async fn check(app: &TestApp, world: &World, now: u64) {
    let database = app.database().await;
    let mut rows: BTreeMap<String, i64> = BTreeMap::new();
    for tenant in database
        .texts("SELECT CAST(tenant_id AS text) FROM segments")
        .await
    {
        *rows.entry(tenant).or_default() += 1;
    }
    for (number, given) in world.sessions.iter().enumerate() {
        let (session, tenant) = (
            &given.answer,
            given.answer["virtual_tenant_id"].as_str().unwrap(),
        );
        let token = session["credentials"]["access_token"].as_str().unwrap();
        let bearer = format!("Bearer {token}");
        let page = format!("/api/demo/sessions/{}/data/lead/note", id(session));
        let answer = app
            .call(
                Method::GET,
                &page,
                &[("authorization", &bearer)],
                &Value::Null,
            )
            .await;
        let held = rows.remove(tenant).unwrap_or_default();
        if given.deleted {
            assert_eq!(
                (answer.status.as_u16(), held),
                (410, 0),
                "{number}: {}",
                answer.text
            );
            continue;
        }
        if given.ends <= now {
            // Its data is closed; the sweep takes it when it comes.
            assert_eq!(answer.status.as_u16(), 410, "{number}: {}", answer.text);
            assert!(held == 0 || held == 2, "{number}: half of it is there");
            continue;
        }
        let page = answer.expect(200);
        assert_eq!((&page["total"], held), (&Value::from(2), 2), "{number}");
        for record in page["records"].as_array().unwrap() {
            assert_eq!(record["tenant_id"], tenant, "{number}");
        }
        // Another's token opens nothing of it.
        let other = &world.sessions[(number + 1) % world.sessions.len()].answer;
        if id(other) != id(session) {
            let bearer = format!(
                "Bearer {}",
                other["credentials"]["access_token"].as_str().unwrap()
            );
            let page = format!("/api/demo/sessions/{}/data/lead/note", id(session));
            app.call(
                Method::GET,
                &page,
                &[("authorization", &bearer)],
                &Value::Null,
            )
            .await
            .problem(404, "session_not_found");
        }
    }
    assert!(rows.is_empty(), "rows of nobody: {rows:?}");
}

#[test]
fn no_interleaving_lets_a_session_at_anothers_rows() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let stage = Puppets::new().load();
    let config = ProptestConfig {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 64,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&stories(), |story| {
            runtime.block_on(async {
                let app = TestApp::with(&stage.hosting, &[("creations_per_minute", "0")]).await;
                tell(&app, &story).await;
            });
            Ok(())
        })
        .unwrap();
}
