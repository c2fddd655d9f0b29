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
