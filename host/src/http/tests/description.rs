use serde_json::Value;

use crate::http::testing::Desk;

#[tokio::test]
async fn every_route_is_described_with_its_refusals() {
    let described = Desk::new().get("/openapi.json").await;
    assert_eq!(described.headers["content-type"], "application/json");
    let api = described.json();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut routes = Vec::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            let statuses: Vec<&str> = responses.keys().map(String::as_str).collect();
            routes.push(format!("{method} {path}: {}", statuses.join(" ")));
            assert!(operation["summary"].is_string(), "{path}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(
                    !parameter["schema"]["type"].is_array(),
                    "{path} {parameter}"
                );
            }
            for (status, response) in responses {
                let waits = response["headers"]["Retry-After"].is_object();
                assert_eq!(
                    waits,
                    ["429", "503"].contains(&status.as_str()),
                    "{path} {status}"
                );
                let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
                // A head that is too large is refused before anybody could say why.
                let refused = status.as_str() >= "400" && status != "431";
                assert_eq!(
                    refused,
                    *problem == "#/components/schemas/Problem",
                    "{path} {status}"
                );
            }
        }
    }
    routes.sort();
    assert_eq!(
        routes,
        [
            "delete /api/demo/sessions/{session_id}: 200 400 404 414 429 431 500 503",
            "delete /services/{domain}/internal/demo/tenant/{virtual_tenant_id}: 200 400 401 404 414 429 431 500 503",
            "get /alerts: 200 400 401 404 409 410 414 429 431 500 503",
            "get /api/demo/accounts: 200 414 429 431 500",
            "get /api/demo/receipt-key: 200 414 429 431 500",
            "get /api/demo/sessions/{session_id}/alerts: 200 400 401 404 409 410 414 429 431 500 503",
            "get /api/demo/sessions/{session_id}/data/{domain}/{entity}: 200 400 401 404 409 410 414 429 431 500 503",
            "get /api/demo/sessions/{session_id}/events: 200 204 400 404 414 429 431 500 503",
            "get /api/demo/sessions/{session_id}/insights: 200 400 401 404 409 410 414 429 431 500 503",
            "get /api/demo/sessions/{session_id}/kpis: 200 400 401 404 409 410 414 429 431 500 503",
            "get /api/demo/sessions/{session_id}/receipt: 200 400 404 414 429 431 500 503",
            "get /api/demo/sessions/{session_id}/status: 200 400 404 414 429 431 500 503",
            "get /api/demo/sessions/{session_id}: 200 400 404 414 429 431 500 503",
            "get /api/demo/sessions: 200 400 401 414 429 431 500 503",
            "get /api/plugins/{domain}: 200 400 401 404 414 429 431 500 503",
            "get /api/plugins: 200 401 414 429 431 500 503",
            "get /healthz: 200 414 431 500",
            "get /metrics: 200 414 429 431 500",
            "get /readyz: 200 414 429 431 500 503",
            "get /services/{domain}/internal/demo/export/{tenant_id}: 200 400 401 404 409 410 414 429 431 500 503",
            "head /services/{domain}/internal/demo/exists: 200 400 401 404 414 429 431 500 503",
            "post /api/demo/sessions/{session_id}/extend: 200 400 404 409 410 414 429 431 500 503",
            "post /api/demo/sessions/{session_id}/reset: 200 400 401 404 409 410 414 429 431 500 502 503 504",
            "post /api/demo/sessions/{session_id}/verify: 200 400 401 404 409 410 414 429 431 500 503",
            "post /api/demo/sessions: 200 202 400 401 403 408 409 410 413 414 415 422 429 431 500 502 503 504",
            "post /api/plugins/rollback: 200 400 401 404 408 409 413 414 415 429 431 500 503",
            "post /api/plugins/{domain}/rollback: 200 400 401 404 409 414 429 431 500 503",
            "post /services/tenant/internal/demo/create-child: 200 400 401 404 408 409 410 413 414 415 429 431 500 502 503",
            "post /services/{domain}/internal/demo/clone: 200 400 401 404 408 409 410 413 414 415 429 431 500 502 503",
            "post /services/{domain}/internal/{group}/{trigger}/trigger: 200 400 401 404 408 409 410 413 414 415 429 431 500 502 503",
            "post /services/{domain}/internal/{trigger}/trigger: 200 400 401 404 408 409 410 413 414 415 429 431 500 502 503",
            "put /api/plugins/{domain}: 200 400 401 404 408 409 413 414 422 429 431 500 503",
            "put /api/plugins: 200 400 401 404 408 409 413 414 415 422 429 431 500 503",
        ]
    );
    let new = &api["components"]["schemas"]["NewSession"];
    let accounts = &new["properties"]["demo_account_type"]["enum"];
    assert_eq!(*accounts, serde_json::json!(["library"]));
    assert!(api["components"]["securitySchemes"]["internal_key"].is_object());
    assert!(api["components"]["securitySchemes"]["access_token"].is_object());
}

#[tokio::test]
async fn what_triggers_make_is_described_as_the_catalog_has_it() {
    let api = Desk::new().get("/openapi.json").await.json();
    let schemas = &api["components"]["schemas"];
    for (list, record) in [("Alerts", "AlertRecord"), ("Insights", "InsightRecord")] {
        assert_eq!(
            schemas[list]["properties"]["data"]["items"]["$ref"],
            format!("#/components/schemas/{record}")
        );
    }
    let notice = &schemas["AlertRecord"];
    assert_eq!(
        notice["properties"]["severity"]["enum"],
        serde_json::json!(["red", "yellow"])
    );
    // An identifier of its own would resolve the references below it elsewhere.
    assert!(notice.get("$id").is_none());
    let figure = schemas["KpiResult"]["allOf"].to_string();
    assert!(
        figure.contains("#/components/schemas/KpiRecord"),
        "{figure}"
    );
    assert!(schemas["KpiRecord"]["properties"]["value"].is_object());
}

#[tokio::test]
async fn every_reference_of_the_description_resolves() {
    let api = Desk::new().get("/openapi.json").await.json();
    let mut references = Vec::new();
    gather(&api, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        assert!(
            api.pointer(reference.trim_start_matches('#')).is_some(),
            "{reference}"
        );
    }
}

fn gather(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                references.push(reference.clone());
            }
            fields.values().for_each(|value| gather(value, references));
        }
        Value::Array(values) => values.iter().for_each(|value| gather(value, references)),
        _ => {}
    }
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let desk = Desk::new();
    let page = desk.get("/docs").await;
    assert!(
        page.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert!(
        page.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("connect-src 'self'")
    );
    let script = desk.get("/docs/page.js").await;
    let style = desk.get("/docs/page.css").await;
    assert_eq!(
        script.headers["content-type"],
        "text/javascript; charset=utf-8"
    );
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
    for text in [page.text, script.text, style.text] {
        assert!(!text.contains("//cdn") && !text.contains("https://") && !text.contains("http://"));
    }
}
