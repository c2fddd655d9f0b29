use serde_json::{Value, json};

use crate::http::testing::{Desk, Trouble, session};
use levain_model::SessionStatus;

const SESSIONS: &str = "/api/demo/sessions";
const LIBRARY: &str = r#"{"demo_account_type":"library"}"#;

#[tokio::test]
async fn a_creation_answers_with_the_session_and_its_token_once() {
    let desk = Desk::new();
    let created = desk.create().await;
    let id = created["session_id"].as_str().unwrap();
    let tenant = created["virtual_tenant_id"].as_str().unwrap();
    let token = created["credentials"]["access_token"].as_str().unwrap();
    assert!(token.starts_with("v4.public."));
    assert_eq!(created["status"], "READY");
    assert_eq!(created["demo_account_type"], "library");
    assert_eq!(created["session_created_at"], "2026-03-02T10:00:00Z");
    assert_eq!(created["extensions_left"], 3);
    assert_eq!(created["credentials"]["email"], "desk@library.example");
    assert_eq!(created["credentials"]["name"], "Ada Reader");
    assert_eq!(created["children"][0]["name"], "kiosk");
    assert_eq!(created["children"][0]["location"]["city"], "Town");
    assert_eq!(
        created["services"][tenant]["shelving"]["records_cloned"],
        json!({ "book": 5, "shelf": 2, "total": 7 })
    );
    assert_eq!(
        created["services"][tenant]["shelving"]["status"],
        "completed"
    );
    assert_eq!(
        created["services"][tenant]["shelving"]["unavailable_references"],
        0
    );
    assert_eq!(created["records_total"], 25);
    assert_eq!(created["alerts"], json!({ "total": 6, "open": 4 }));
    assert_eq!(created["insights"], json!({ "total": 2 }));
    let trigger = &created["triggers"][tenant]["overdue"];
    assert_eq!(
        (&trigger["phase"], &trigger["status"], &trigger["records"]),
        (&json!("alerts"), &json!("completed"), &json!(3))
    );
    assert_eq!(trigger["by_status"], json!({ "open": 2, "resolved": 1 }));

    let shown = desk.get(&format!("{SESSIONS}/{id}")).await;
    assert_eq!(shown.headers["cache-control"], "no-store");
    let mut expected = created.clone();
    expected["credentials"]
        .as_object_mut()
        .unwrap()
        .remove("access_token");
    assert_eq!(shown.json(), expected);
}

#[tokio::test]
async fn services_keep_the_order_of_the_catalog() {
    let desk = Desk::new();
    let answer = desk.call("POST", SESSIONS, &[], LIBRARY).await.text;
    let place = |name: &str| answer.find(&format!("\"{name}\":{{\"status\"")).unwrap();
    assert!(place("shelving") < place("lending"));
}

#[tokio::test]
async fn a_caller_that_would_rather_not_wait_is_told_where_to_look() {
    let desk = Desk::new();
    let answer = desk
        .call(
            "POST",
            SESSIONS,
            &[("prefer", "wait=5, Respond-Async; x=1")],
            LIBRARY,
        )
        .await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.headers["preference-applied"], "respond-async");
    let created = answer.json();
    assert_eq!(created["status"], "CLONING");
    assert!(created["credentials"]["access_token"].is_string());
    let location = answer.headers["location"].to_str().unwrap();
    assert_eq!(
        location,
        format!("{SESSIONS}/{}", created["session_id"].as_str().unwrap())
    );

    let status = desk.get(&format!("{location}/status")).await.json();
    assert_eq!(status["status"], "CLONING");
    assert_eq!(status["phase"], "clone_tenant");
    assert_eq!(
        (&status["domains_done"], &status["domains_total"]),
        (&json!(3), &json!(4))
    );
    let tenant = created["virtual_tenant_id"].as_str().unwrap();
    assert_eq!(
        status["progress"][tenant]["lending"],
        json!({ "status": "pending", "records": 0, "duration_ms": null })
    );
    assert_eq!(status["progress"][tenant]["shelving"]["records"], 7);
}

#[tokio::test]
async fn a_partial_session_is_an_answer_and_a_failed_one_a_refusal() {
    let partial = Desk::new().in_trouble(Trouble::Optional).create().await;
    let tenant = partial["virtual_tenant_id"].as_str().unwrap();
    assert_eq!(partial["status"], "PARTIAL");
    assert_eq!(
        partial["services"][tenant]["lending"]["error"]["code"],
        "timeout"
    );

    let desk = Desk::new().in_trouble(Trouble::Required);
    let body = desk
        .call("POST", SESSIONS, &[], LIBRARY)
        .await
        .refusal(502, "session_failed");
    let id = body["session_id"].as_str().unwrap();
    let services = body["services"].as_object().unwrap();
    assert!(
        services
            .values()
            .all(|of| of["shelving"]["error"]["message"] == "it took more than 10 s")
    );
    assert_eq!(body["errors"].as_array().unwrap().len(), 2);
    assert_eq!(
        body["errors"][0]["detail"],
        "timeout: it took more than 10 s"
    );
    let shown = desk.get(&format!("{SESSIONS}/{id}")).await;
    assert_eq!(
        (shown.status.as_u16(), &shown.json()["status"]),
        (200, &json!("FAILED"))
    );
}

#[tokio::test]
async fn deleting_can_be_repeated() {
    let desk = Desk::new();
    let created = desk.create().await;
    let path = format!("{SESSIONS}/{}", created["session_id"].as_str().unwrap());
    for records in [21, 0, 0] {
        let answer = desk.call("DELETE", &path, &[], "").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["status"], "DESTROYED");
        assert_eq!(answer.json()["records_deleted"], records);
    }
    assert_eq!(desk.get(&path).await.json()["status"], "DESTROYED");
    desk.call("DELETE", "/api/demo/sessions/demo_0", &[], "")
        .await
        .refusal(404, "session_not_found");
}

#[tokio::test]
async fn a_session_that_there_never_was_is_not_found() {
    let desk = Desk::new();
    desk.create().await;
    for path in ["demo_0", "demo_0/status", "%00", "..%2f.."] {
        desk.get(&format!("{SESSIONS}/{path}"))
            .await
            .refusal(404, "session_not_found");
    }
    desk.get(&format!("{SESSIONS}/%ff"))
        .await
        .refusal(400, "invalid_request");
}

#[tokio::test]
async fn only_the_key_reproduces_a_session() {
    let desk = Desk::new();
    let tenant = "4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10";
    let asked = json!({ "demo_account_type": "library", "session_created_at": "2026-03-02T11:00:00.000001+01:00", "virtual_tenant_id": tenant }).to_string();
    let body = desk
        .call("POST", SESSIONS, &[], &asked)
        .await
        .refusal(403, "internal_key_required");
    assert_eq!(
        pointers(&body),
        ["/session_created_at", "/virtual_tenant_id"]
    );
    let wrong = desk
        .call("POST", SESSIONS, &[("x-internal-api-key", "guess")], &asked)
        .await;
    wrong.refusal(401, "internal_key_wrong");
    assert!(wrong.headers.contains_key("www-authenticate"));

    let answer = desk.internal("POST", SESSIONS, &asked).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["virtual_tenant_id"], tenant);
    assert_eq!(
        answer.json()["session_created_at"],
        "2026-03-02T10:00:00.000001Z"
    );
    desk.internal("POST", SESSIONS, &asked)
        .await
        .refusal(409, "conflict");

    let nulls =
        r#"{"demo_account_type":"library","session_created_at":null,"virtual_tenant_id":null}"#;
    assert_eq!(desk.call("POST", SESSIONS, &[], nulls).await.status, 200);
}

#[tokio::test]
async fn only_the_key_lists_sessions() {
    let desk = Desk::new();
    desk.create().await;
    desk.create().await;
    desk.get(SESSIONS)
        .await
        .refusal(401, "internal_key_missing");
    let listed = desk.internal("GET", SESSIONS, "").await.json();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 2);
    assert!(
        listed["sessions"][0]["credentials"]
            .get("access_token")
            .is_none()
    );
    let one = desk
        .internal("GET", "/api/demo/sessions?limit=1", "")
        .await
        .json();
    assert_eq!(one["sessions"].as_array().unwrap().len(), 1);
    desk.internal("GET", "/api/demo/sessions?limit=0", "")
        .await
        .refusal(400, "invalid_request");
    desk.internal("GET", "/api/demo/sessions?limt=1", "")
        .await
        .refusal(400, "invalid_request");
}

#[tokio::test]
async fn the_list_is_read_a_page_at_a_time() {
    let desk = Desk::new();
    for _ in 0..5 {
        desk.create().await;
    }
    let ids = |page: &Value| -> Vec<String> {
        let sessions = page["sessions"].as_array().unwrap().iter();
        sessions
            .map(|session| session["session_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let whole = desk.internal("GET", SESSIONS, "").await.json();
    assert_eq!(whole["next_cursor"], Value::Null);
    let (mut paged, mut query) = (Vec::new(), "?limit=2".to_owned());
    let mut sizes = Vec::new();
    loop {
        let page = desk
            .internal("GET", &format!("{SESSIONS}{query}"), "")
            .await
            .json();
        sizes.push(ids(&page).len());
        paged.extend(ids(&page));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        query = format!("?limit=2&cursor={next}");
        // What comes about meanwhile is on no page that follows.
        desk.create().await;
    }
    assert_eq!(sizes, [2, 2, 1]);
    assert_eq!(paged, ids(&whole));
    let body = desk
        .internal("GET", &format!("{SESSIONS}?cursor=nonsense"), "")
        .await
        .refusal(400, "invalid_request");
    assert_eq!(body["errors"][0]["parameter"], "cursor");
}

#[tokio::test]
async fn every_status_has_a_phase() {
    use SessionStatus::{Cloning, Destroyed, Destroying, Expired, Failed, Partial, Ready};
    let desk = Desk::new();
    let expected = [
        (Cloning, "finish"),
        (Ready, "done"),
        (Partial, "done"),
        (Failed, "done"),
        (Expired, "done"),
        (Destroying, "clean_up"),
        (Destroyed, "done"),
    ];
    for (status, phase) in expected {
        let mut row = session("demo_phase");
        row.status = status;
        desk.library.keep(row);
        let shown = desk
            .get("/api/demo/sessions/demo_phase/status")
            .await
            .json();
        assert_eq!(
            (&shown["status"], &shown["phase"]),
            (&json!(status.as_str()), &json!(phase))
        );
    }
}

#[tokio::test]
async fn accounts_are_listed() {
    let listed = Desk::new().get("/api/demo/accounts").await.json();
    assert_eq!(listed["accounts"][0]["demo_account_type"], "library");
    assert_eq!(
        listed["accounts"][0]["domains"],
        json!(["shelving", "lending"])
    );
}

fn pointers(body: &Value) -> Vec<&str> {
    let errors = body["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect()
}
