use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::http::testing::{Desk, KEY, Trouble};
use levain_model::SessionStatus;

fn titles(page: &Value) -> Vec<&str> {
    page["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|book| book["title"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn records_are_listed_a_page_at_a_time() {
    let desk = Desk::new();
    let session = desk.create().await;
    let whole = desk.read(&session, &session, "shelving/book").await.json();
    assert_eq!(whole["total"], 5);
    assert_eq!(whole["next_cursor"], Value::Null);
    assert_eq!(whole["tenant_id"], session["virtual_tenant_id"]);

    let mut found = Vec::new();
    let mut path = "shelving/book?limit=2".to_owned();
    for records in [2, 2, 1] {
        let page = desk.read(&session, &session, &path).await.json();
        assert_eq!(titles(&page).len(), records);
        found.extend(titles(&page).into_iter().map(str::to_owned));
        path = format!(
            "shelving/book?limit=2&cursor={}",
            page["next_cursor"].as_str().unwrap_or_default()
        );
    }
    assert_eq!(found, titles(&whole));
    desk.read(&session, &session, &path)
        .await
        .refusal(400, "invalid_cursor");
    desk.read(&session, &session, "shelving/book?cursor=zz")
        .await
        .refusal(400, "invalid_cursor");
}

#[tokio::test]
async fn records_are_filtered_by_their_fields() {
    let desk = Desk::new();
    let session = desk.create().await;
    for (query, expected) in [
        ("shelf=1", vec!["Volume 1", "Volume 3"]),
        ("shelf=1&lent=true", vec!["Volume 3"]),
        (
            "title=Volume+0&title=Volume%204",
            vec!["Volume 0", "Volume 4"],
        ),
        ("shelf=9", vec![]),
        ("shelf=0&limit=2", vec!["Volume 0", "Volume 2"]),
    ] {
        let page = desk
            .read(&session, &session, &format!("shelving/book?{query}"))
            .await
            .json();
        assert_eq!(titles(&page), expected, "{query}");
    }
    let refused = desk
        .read(&session, &session, "shelving/book?shelv=1&x=2")
        .await;
    let body = refused.refusal(400, "unknown_field");
    assert_eq!(
        body["errors"][0],
        json!({ "parameter": "shelv", "detail": "unknown parameter `shelv`; did you mean `shelf`?" })
    );
    assert!(
        body["errors"][1]["detail"]
            .as_str()
            .unwrap()
            .contains("id, title, shelf, lent, limit")
    );
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=1&limit=2",
        "tenant_id=7",
    ] {
        let refused = desk
            .read(&session, &session, &format!("shelving/book?{query}"))
            .await;
        refused.refusal(400, "invalid_request");
    }
}

#[tokio::test]
async fn an_outlet_is_read_by_its_tenant() {
    let desk = Desk::new();
    let session = desk.create().await;
    let outlet = session["children"][0]["virtual_tenant_id"]
        .as_str()
        .unwrap();
    let page = desk
        .read(
            &session,
            &session,
            &format!("shelving/book?tenant_id={outlet}"),
        )
        .await
        .json();
    assert_eq!(page["tenant_id"], outlet);
    let other = "shelving/book?tenant_id=4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10";
    desk.read(&session, &session, other)
        .await
        .refusal(404, "tenant_not_found");
}

#[tokio::test]
async fn data_needs_the_sessions_own_token_or_the_key() {
    let desk = Desk::new();
    let (one, two) = (desk.create().await, desk.create().await);
    let path = format!(
        "/api/demo/sessions/{}/data/shelving/book",
        one["session_id"].as_str().unwrap()
    );
    let missing = desk.get(&path).await;
    missing.refusal(401, "token_missing");
    assert_eq!(
        missing.headers["www-authenticate"],
        "Bearer realm=\"session data\""
    );
    for value in ["Bearer x", "Basic YTpi", "Bearer", "v4.public.x"] {
        desk.call("GET", &path, &[("authorization", value)], "")
            .await
            .refusal(401, "token_invalid");
    }
    let foreign = desk
        .read(&one, &two, "shelving/book")
        .await
        .refusal(404, "session_not_found");
    let nobodys = desk
        .read(&json!({ "session_id": "demo_0" }), &two, "shelving/book")
        .await;
    assert_eq!(
        nobodys.refusal(404, "session_not_found"),
        foreign,
        "no word tells the two apart"
    );
    let foreign = format!(
        "shelving/book?tenant_id={}",
        one["virtual_tenant_id"].as_str().unwrap()
    );
    desk.read(&two, &two, &foreign)
        .await
        .refusal(404, "tenant_not_found");

    assert_eq!(desk.internal("GET", &path, "").await.status, 200);
    desk.call("GET", &path, &[("x-internal-api-key", "guess")], "")
        .await
        .refusal(401, "internal_key_wrong");
    desk.call("GET", &path, &[("x-internal-api-key", &KEY[1..])], "")
        .await
        .refusal(401, "internal_key_wrong");
    let elsewhere = Desk::new().read(&one, &two, "shelving/book").await;
    elsewhere.refusal(401, "token_invalid");
}

#[tokio::test]
async fn a_token_holds_while_the_sessions_row_says_so() {
    let desk = Desk::new();
    let session = desk.create().await;
    let id = session["session_id"].as_str().unwrap();
    let become_ = |status| {
        desk.library
            .sessions
            .lock()
            .unwrap()
            .get_mut(id)
            .unwrap()
            .status = status;
    };
    for (status, refused, code) in [
        (SessionStatus::Expired, 410, "session_expired"),
        (SessionStatus::Destroyed, 410, "session_destroyed"),
        (SessionStatus::Cloning, 409, "session_not_open"),
        (SessionStatus::Failed, 409, "session_not_open"),
    ] {
        become_(status);
        desk.read(&session, &session, "shelving/book")
            .await
            .refusal(refused, code);
    }
    become_(SessionStatus::Ready);
    *desk.library.now.lock().unwrap() += TimeDelta::minutes(4 * 30) - TimeDelta::microseconds(1);
    assert_eq!(
        desk.read(&session, &session, "shelving/book").await.status,
        200
    );
    *desk.library.now.lock().unwrap() += TimeDelta::microseconds(1);
    desk.read(&session, &session, "shelving/book")
        .await
        .refusal(401, "token_expired");
}

#[tokio::test]
async fn what_is_not_there_is_told_apart_from_what_is_empty() {
    let desk = Desk::new();
    let session = desk.create().await;
    let empty = desk.read(&session, &session, "lending/loan").await.json();
    assert_eq!(
        (&empty["total"], &empty["records"]),
        (&json!(0), &json!([]))
    );
    let body = desk
        .read(&session, &session, "lendign/loan")
        .await
        .refusal(404, "unknown_domain");
    assert_eq!(body["hint"], "did you mean `lending`?");
    let body = desk
        .read(&session, &session, "lending/bicycle")
        .await
        .refusal(404, "unknown_entity");
    assert_eq!(body["hint"], "there is: loan");

    let desk = Desk::new().in_trouble(Trouble::Optional);
    let partial = desk.create().await;
    desk.read(&partial, &partial, "lending/loan")
        .await
        .refusal(409, "domain_not_cloned");
    assert_eq!(
        desk.read(&partial, &partial, "shelving/book").await.status,
        200
    );
}
