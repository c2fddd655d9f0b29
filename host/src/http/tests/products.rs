use serde_json::{Value, json};

use crate::http::testing::{Answer, Desk, KEY};
use levain_model::{SessionStatus, TriggerOutcome, TriggerStatus};

async fn get(desk: &Desk, session: &Value, path: &str) -> Answer {
    let token = session["credentials"]["access_token"].as_str().unwrap();
    let bearer = format!("Bearer {token}");
    desk.call("GET", path, &[("authorization", &bearer)], "")
        .await
}

fn of(session: &Value, rest: &str) -> String {
    let id = session["session_id"].as_str().unwrap();
    format!("/api/demo/sessions/{id}/{rest}")
}

fn titles(page: &Value) -> Vec<&str> {
    let data = page["data"].as_array().unwrap().iter();
    data.map(|notice| notice["title"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn alerts_of_all_tenants_are_one_list_the_heads_first() {
    let desk = Desk::new();
    let session = desk.create().await;
    let whole = get(&desk, &session, &of(&session, "alerts")).await.json();
    assert_eq!(
        titles(&whole),
        [
            "Notice 0 of Town Library",
            "Notice 1 of Town Library",
            "Notice 2 of Town Library",
            "Notice 0 of kiosk",
            "Notice 1 of kiosk",
            "Notice 2 of kiosk",
        ]
    );
    assert_eq!(
        (&whole["total"], &whole["next_cursor"]),
        (&json!(6), &Value::Null)
    );

    let (mut found, mut cursor) = (Vec::new(), String::new());
    for records in [4, 2] {
        let path = of(&session, &format!("alerts?limit=4{cursor}"));
        let page = get(&desk, &session, &path).await.json();
        assert_eq!((titles(&page).len(), &page["total"]), (records, &json!(6)));
        found.extend(page["data"].as_array().unwrap().clone());
        cursor = format!(
            "&cursor={}",
            page["next_cursor"].as_str().unwrap_or_default()
        );
    }
    assert_eq!(Value::from(found), whole["data"]);
    // A cursor of one list is none of another.
    get(
        &desk,
        &session,
        &of(&session, "alerts?cursor=0011223344556677"),
    )
    .await
    .refusal(400, "invalid_cursor");
}

#[tokio::test]
async fn products_are_filtered_and_a_value_that_cannot_be_is_a_slip() {
    let desk = Desk::new();
    let session = desk.create().await;
    let kiosk = session["children"][0]["virtual_tenant_id"]
        .as_str()
        .unwrap();
    for (query, expected) in [
        ("severity=red".to_owned(), 4),
        ("severity=red&status=open".to_owned(), 2),
        ("severity=red&severity=yellow&outlet=kiosk".to_owned(), 3),
        ("outlet=null&status=resolved".to_owned(), 1),
        ("type=lost".to_owned(), 0),
        (format!("tenant_id={kiosk}"), 3),
        (format!("tenant_id={kiosk}&outlet=null"), 0),
    ] {
        let page = get(&desk, &session, &of(&session, &format!("alerts?{query}")))
            .await
            .json();
        assert_eq!(
            (titles(&page).len(), &page["total"]),
            (expected, &json!(expected)),
            "{query}"
        );
    }
    let refused = get(
        &desk,
        &session,
        &of(&session, "alerts?severity=purple&outlet=kisok"),
    )
    .await;
    let body = refused.refusal(400, "unknown_value");
    let details: Vec<&str> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["detail"].as_str().unwrap())
        .collect();
    assert!(
        details.contains(&"`severity` is never `purple`; it is one of: red, yellow"),
        "{details:?}"
    );
    assert!(
        details.contains(&"`outlet` is never `kisok`; did you mean `kiosk`?"),
        "{details:?}"
    );
    get(&desk, &session, &of(&session, "insights?severity=red"))
        .await
        .refusal(400, "unknown_field");
    let insights = get(
        &desk,
        &session,
        &of(&session, "insights?type=wear&outlet=kiosk"),
    )
    .await
    .json();
    assert_eq!(insights["total"], 1);
}

#[tokio::test]
async fn kpis_that_could_not_be_computed_are_null_with_the_reason() {
    let desk = Desk::new();
    let session = desk.create().await;
    let figures = get(&desk, &session, &of(&session, "kpis")).await.json();
    let values = |figures: &Value| -> Vec<Value> {
        let data = figures["data"].as_array().unwrap().iter();
        data.map(|figure| {
            json!([
                figure["scope"],
                figure["outlet"],
                figure["value"],
                figure["status"]
            ])
        })
        .collect()
    };
    assert_eq!(
        values(&figures),
        [
            json!(["tenant", null, 3, "completed"]),
            json!(["group", null, 4, "completed"]),
            json!(["tenant", "kiosk", 1, "completed"]),
        ]
    );
    let group = get(&desk, &session, &of(&session, "kpis?scope=group&kpi=lent"))
        .await
        .json();
    assert_eq!(values(&group), [json!(["group", null, 4, "completed"])]);
    let kiosk = get(&desk, &session, &of(&session, "kpis?outlet=kiosk"))
        .await
        .json();
    assert_eq!(values(&kiosk), [json!(["tenant", "kiosk", 1, "completed"])]);
    for slip in ["kpis?kpi=lend", "kpis?outlet=kisok"] {
        get(&desk, &session, &of(&session, slip))
            .await
            .refusal(400, "unknown_value");
    }
    get(&desk, &session, &of(&session, "kpis?limit=3"))
        .await
        .refusal(400, "invalid_request");

    let id = session["session_id"].as_str().unwrap();
    {
        let mut sessions = desk.library.sessions.lock().unwrap();
        let row = sessions.get_mut(id).unwrap();
        for tenant in &mut row.tenants {
            let trigger = &mut tenant.triggers[2];
            *trigger = TriggerOutcome {
                status: TriggerStatus::Skipped,
                reason: Some("`lending` of Town Library was not cloned".to_owned()),
                ..TriggerOutcome::pending(&trigger.trigger, &trigger.domain, trigger.phase)
            };
        }
    }
    desk.library
        .segments
        .lock()
        .unwrap()
        .retain(|(_, domain, _), _| domain != "board");
    let figures = get(&desk, &session, &of(&session, "kpis")).await.json();
    assert_eq!(
        values(&figures),
        [
            json!(["tenant", null, null, "skipped"]),
            json!(["group", null, null, "skipped"]),
            json!(["tenant", "kiosk", null, "skipped"]),
        ]
    );
    for figure in figures["data"].as_array().unwrap() {
        assert_eq!(figure["kpi"], "lent");
        assert_eq!(figure["reason"], "`lending` of Town Library was not cloned");
    }
}

#[tokio::test]
async fn a_tenants_alerts_are_found_by_the_tenant_alone() {
    let desk = Desk::new();
    let (session, other) = (desk.create().await, desk.create().await);
    let kiosk = session["children"][0]["virtual_tenant_id"]
        .as_str()
        .unwrap();
    let page = get(
        &desk,
        &session,
        &format!("/alerts?tenant_id={kiosk}&status=open"),
    )
    .await
    .json();
    assert_eq!(titles(&page), ["Notice 0 of kiosk", "Notice 1 of kiosk"]);
    let by_key = desk
        .call(
            "GET",
            &format!("/alerts?tenant_id={kiosk}"),
            &[("x-internal-api-key", KEY)],
            "",
        )
        .await
        .json();
    assert_eq!(by_key["total"], 3);
    desk.get(&format!("/alerts?tenant_id={kiosk}"))
        .await
        .refusal(401, "token_missing");
    get(&desk, &session, "/alerts")
        .await
        .refusal(400, "invalid_request");
    // What is another's is told in the words for what there is not.
    get(&desk, &other, &format!("/alerts?tenant_id={kiosk}"))
        .await
        .refusal(404, "tenant_not_found");
    get(
        &desk,
        &session,
        "/alerts?tenant_id=4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10",
    )
    .await
    .refusal(404, "tenant_not_found");
    for list in ["alerts", "insights", "kpis"] {
        get(&desk, &other, &of(&session, list))
            .await
            .refusal(404, "session_not_found");
    }
    let id = session["session_id"].as_str().unwrap();
    desk.library
        .sessions
        .lock()
        .unwrap()
        .get_mut(id)
        .unwrap()
        .status = SessionStatus::Expired;
    get(&desk, &session, &format!("/alerts?tenant_id={kiosk}"))
        .await
        .refusal(410, "session_expired");
}
