//! `/openapi.json` describes what the host answers, all of it and nothing else.

use axum::http::Method;
use serde_json::Value;

use crate::support::{Puppets, TestApp};

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "patch", "head", "options"];

#[tokio::test(flavor = "multi_thread")]
async fn the_routes_and_their_answers_are_as_published() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let api = app.get("/openapi.json").await.expect(200);
    let mut routes = String::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for method in METHODS.iter().filter(|method| item[**method].is_object()) {
            let operation = &item[*method];
            routes.push_str(&format!(
                "{method} {path}: {}\n",
                operation["summary"].as_str().unwrap()
            ));
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let mut parameters: Vec<String> = parameters.map(parameter).collect();
            parameters.sort_unstable();
            routes.extend(parameters);
            for (status, response) in operation["responses"].as_object().unwrap() {
                let content = response["content"].as_object();
                for (media, content) in content.into_iter().flatten() {
                    let schema = content["schema"]["$ref"].as_str().unwrap_or("inline");
                    let schema = schema.trim_start_matches("#/components/schemas/");
                    routes.push_str(&format!("  {status} {media} {schema}\n"));
                }
                if content.is_none() {
                    routes.push_str(&format!("  {status}\n"));
                }
            }
        }
    }
    insta::assert_snapshot!("routes", routes);
    // What callers read and write, to the field.
    insta::assert_json_snapshot!("schemas", api["components"]["schemas"]);
}

/// A parameter on a line of its own: where it is, its name, whether it is required, its schema.
fn parameter(described: &Value) -> String {
    let text = |name: &str| described[name].as_str().unwrap_or_default();
    let mut schema = described["schema"].clone();
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("description");
    }
    let required = match described["required"] == true {
        true => " required",
        false => "",
    };
    format!("  {} {}{required} {schema}\n", text("in"), text("name"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_is_answered_where_and_only_where_it_is_described() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let api = app.get("/openapi.json").await.expect(200);
    let session = app.create("show").await.expect(200);
    // One that is over, so that its events have an end.
    let over = app.create("show").await.expect(200);
    app.delete(&super::visit::path(&over, "")).await.expect(200);
    for (template, item) in api["paths"].as_object().unwrap() {
        let watched = if template.ends_with("/events") {
            &over
        } else {
            &session
        };
        let path = template
            .replace("{session_id}", super::visit::id(watched))
            .replace("{virtual_tenant_id}", super::visit::tenant(&session))
            .replace("{tenant_id}", super::visit::tenant(&session))
            .replace("{domain}", "lead")
            .replace("{entity}", "note")
            .replace("{group}", "some")
            .replace("{trigger}", "notes");
        assert!(
            !path.contains('{'),
            "{template} has a parameter that this test does not know"
        );
        // DELETE last: it takes the session away.
        for method in METHODS {
            let described = item[method].is_object() || method == "head" && item["get"].is_object();
            let name = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer = app.call(name, &path, &[], &Value::Null).await;
            let answered = answer.status != 405 && answer.status != 501;
            assert_eq!(
                answered, described,
                "{method} {template}: {}",
                answer.status
            );
            assert!(
                !answer.text.contains("route_not_found"),
                "{method} {template}"
            );
            let status = answer.status.as_str();
            if item[method].is_object() {
                let documented = item[method]["responses"][status].is_object();
                assert!(
                    documented,
                    "{method} {template} answers {status}, which is not described"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_the_session_is_described() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let paths = app.get("/openapi.json").await.expect(200)["paths"].clone();
    for (method, path) in [
        ("post", "/api/demo/sessions"),
        ("get", "/api/demo/sessions/{session_id}"),
        ("get", "/api/demo/sessions/{session_id}/status"),
        ("get", "/api/demo/sessions/{session_id}/events"),
        ("post", "/api/demo/sessions/{session_id}/extend"),
        ("post", "/api/demo/sessions/{session_id}/reset"),
        ("delete", "/api/demo/sessions/{session_id}"),
        ("get", "/api/demo/accounts"),
        (
            "get",
            "/api/demo/sessions/{session_id}/data/{domain}/{entity}",
        ),
        ("get", "/api/demo/sessions/{session_id}/alerts"),
        ("get", "/api/demo/sessions/{session_id}/insights"),
        ("get", "/api/demo/sessions/{session_id}/kpis"),
        ("get", "/alerts"),
        ("post", "/services/{domain}/internal/demo/clone"),
        ("post", "/services/tenant/internal/demo/create-child"),
        ("post", "/services/{domain}/internal/{trigger}/trigger"),
        (
            "post",
            "/services/{domain}/internal/{group}/{trigger}/trigger",
        ),
        (
            "delete",
            "/services/{domain}/internal/demo/tenant/{virtual_tenant_id}",
        ),
        ("head", "/services/{domain}/internal/demo/exists"),
        ("get", "/services/{domain}/internal/demo/export/{tenant_id}"),
        ("get", "/healthz"),
        ("get", "/readyz"),
        ("get", "/metrics"),
    ] {
        assert!(
            paths[path][method].is_object(),
            "{method} {path} is not described"
        );
    }
    for page in ["/docs", "/openapi.json"] {
        assert_eq!(app.get(page).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_described_as_a_problem() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let api = app.get("/openapi.json").await.expect(200);
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
    for (path, item) in api["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let kind = &parameter["schema"]["type"];
                assert!(!kind.is_array(), "{path} {parameter}");
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                let waits = response["headers"]["Retry-After"].is_object();
                let retries = ["429", "503"].contains(&status.as_str());
                assert_eq!(waits, retries, "{path} {status}");
                // A head that is too large is refused before any text could be sent.
                let refused = status.as_str() >= "400" && status != "431";
                let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
                let described = *problem == "#/components/schemas/Problem";
                assert_eq!(refused, described, "{path} {status}");
            }
        }
    }
    for scheme in ["internal_key", "access_token"] {
        assert!(api["components"]["securitySchemes"][scheme].is_object());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_products_are_described_by_the_catalog() {
    let app = TestApp::over(&Puppets::triggering("extra", "honest").load().hosting).await;
    let api = app.get("/openapi.json").await.expect(200);
    let schemas = &api["components"]["schemas"];
    let accounts = &schemas["NewSession"]["properties"]["demo_account_type"]["enum"];
    assert_eq!(*accounts, serde_json::json!(["show"]));
    let alerts = &schemas["Alerts"]["properties"]["data"]["items"]["$ref"];
    assert_eq!(*alerts, "#/components/schemas/AlertRecord");
    let severity = &schemas["AlertRecord"]["properties"]["severity"]["enum"];
    assert_eq!(*severity, serde_json::json!(["red", "yellow"]));
    // An identifier of its own would resolve the references below it elsewhere.
    assert!(schemas["AlertRecord"].get("$id").is_none());
    let figure = schemas["KpiResult"]["allOf"].to_string();
    assert!(
        figure.contains("#/components/schemas/KpiRecord"),
        "{figure}"
    );
    assert!(schemas["KpiRecord"]["properties"]["value"].is_object());

    let mut references = Vec::new();
    gather(&api, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        let target = api.pointer(reference.trim_start_matches('#'));
        assert!(target.is_some(), "{reference}");
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

#[tokio::test(flavor = "multi_thread")]
async fn documentation_loads_nothing_from_elsewhere() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    for (path, kind) in [
        ("/docs", "text/html"),
        ("/docs/page.js", "text/javascript; charset=utf-8"),
        ("/docs/page.css", "text/css; charset=utf-8"),
    ] {
        let file = app.get(path).await;
        let header = |name: &str| file.headers[name].to_str().unwrap();
        assert!(header("content-type").starts_with(kind), "{path}");
        for outside in ["//cdn", "https://", "http://"] {
            assert!(!file.text.contains(outside), "{path}: {outside}");
        }
        if path == "/docs" {
            assert!(header("content-security-policy").contains("connect-src 'self'"));
        }
    }
}
