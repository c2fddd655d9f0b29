//! What a request may not be: each refusal is problem+json with a stable code, and tells nothing
//! of the inside.

use axum::body::Body;
use axum::http::{Method, Request};

use super::visit::{data, path, tenant};
use crate::support::{Answer, INTERNAL_KEY, Puppets, TestApp, masked, root};

/// One request, as it stands, and what it is refused with.
struct Case {
    name: &'static str,
    method: Method,
    path: String,
    content: Option<&'static str>,
    body: String,
    status: u16,
    code: &'static str,
}

const SESSIONS: &str = "/api/demo/sessions";
const JSON: Option<&str> = Some("application/json");

fn post(name: &'static str, body: impl Into<String>, status: u16, code: &'static str) -> Case {
    let (path, body) = (SESSIONS.to_owned(), body.into());
    Case {
        name,
        method: Method::POST,
        path,
        content: JSON,
        body,
        status,
        code,
    }
}

fn get(name: &'static str, path: impl Into<String>, status: u16, code: &'static str) -> Case {
    let (path, body) = (path.into(), String::new());
    Case {
        name,
        method: Method::GET,
        path,
        content: None,
        body,
        status,
        code,
    }
}

fn bodies() -> Vec<Case> {
    let invalid = |name, body: &str| post(name, body, 400, "invalid_request");
    let malformed = |name, body: &str| post(name, body, 400, "malformed_json");
    let of_type = |name, content| Case {
        content,
        ..post(
            name,
            r#"{"demo_account_type":"show"}"#,
            415,
            "unsupported_media_type",
        )
    };
    let account = |name, asked: &str| {
        post(
            name,
            format!(r#"{{"demo_account_type":"{asked}"}}"#),
            400,
            "unknown_account",
        )
    };
    let long = format!(r#"{{"demo_account_type":"{}"}}"#, "x".repeat(70_000));
    vec![
        account("account misspelt", "shwo"),
        account("account unknown", "enterprise"),
        account("account of another case", "Show"),
        account("account empty", ""),
        account("account that is SQL", "' OR 1=1 --"),
        account("account that is a path", "../../etc/passwd"),
        malformed("body empty", ""),
        malformed("body cut off", r#"{"demo_account_type":"sho"#),
        malformed("body with a tail", r#"{"demo_account_type":"show"} x"#),
        malformed("body not JSON", "demo_account_type=show"),
        malformed("body deep", &format!(r#"{{"a":{}"#, "[".repeat(9000))),
        invalid("body an array", "[]"),
        invalid("body a text", r#""show""#),
        invalid("body null", "null"),
        invalid("field missing", "{}"),
        invalid("field misspelt", r#"{"demo_account_typ":"show"}"#),
        invalid(
            "field unknown",
            r#"{"demo_account_type":"show","admin":true}"#,
        ),
        invalid(
            "field twice",
            r#"{"demo_account_type":"show","demo_account_type":"show"}"#,
        ),
        invalid("field of a wrong type", r#"{"demo_account_type":7}"#),
        invalid("field null", r#"{"demo_account_type":null}"#),
        invalid(
            "many faults",
            r#"{"demo_account_type":[],"virtual_tenant_id":1,"session_created_at":"x","a/b~c":0}"#,
        ),
        post("body too large", long, 413, "body_too_large"),
        of_type(
            "content type of a form",
            Some("application/x-www-form-urlencoded"),
        ),
        of_type("content type of plain text", Some("text/plain")),
        of_type("content type missing", None),
    ]
}

fn paths(session: &str, data: &str, tenant: &str) -> Vec<Case> {
    let method = |name, method, path: &str| Case {
        method,
        ..get(name, path, 405, "method_not_allowed")
    };
    let invalid = |name, path: String| get(name, path, 400, "invalid_request");
    let service = "/services/lead/internal/demo";
    let none = "4f9c2a1e-7c3b-4d55-9a41-0f6f2d0b7a10";
    vec![
        get(
            "session unknown",
            format!("{SESSIONS}/demo_{}", "0".repeat(32)),
            404,
            "session_not_found",
        ),
        get(
            "session no id at all",
            format!("{SESSIONS}/nonsense"),
            404,
            "session_not_found",
        ),
        get(
            "session id that is SQL",
            format!("{SESSIONS}/%27%20OR%201=1"),
            404,
            "session_not_found",
        ),
        get(
            "session id with a NUL",
            format!("{SESSIONS}/demo_%00"),
            404,
            "session_not_found",
        ),
        invalid("path not UTF-8", format!("{SESSIONS}/%ff")),
        get(
            "status of none",
            format!("{SESSIONS}/nonsense/status"),
            404,
            "session_not_found",
        ),
        get("route unknown", "/api/demo/session", 404, "route_not_found"),
        get(
            "route above the root",
            "/../../etc/passwd",
            404,
            "route_not_found",
        ),
        get(
            "route with a slash too many",
            format!("{SESSIONS}/"),
            404,
            "route_not_found",
        ),
        method("PUT of the sessions", Method::PUT, SESSIONS),
        method("POST to a session", Method::POST, session),
        method("POST to a listing", Method::POST, data),
        method("DELETE of the health", Method::DELETE, "/healthz"),
        get(
            "domain misspelt",
            data.replace("lead", "leda"),
            404,
            "unknown_domain",
        ),
        get(
            "entity misspelt",
            data.replace("note", "nota"),
            404,
            "unknown_entity",
        ),
        invalid("limit zero", format!("{data}?limit=0")),
        invalid("limit too high", format!("{data}?limit=1001")),
        invalid("limit no number", format!("{data}?limit=ten")),
        invalid("limit twice", format!("{data}?limit=1&limit=2")),
        invalid("tenant no UUID", format!("{data}?tenant_id=7")),
        get(
            "tenant of nobody",
            format!("{data}?tenant_id={none}"),
            404,
            "tenant_not_found",
        ),
        get(
            "field unknown",
            format!("{data}?txt=1"),
            400,
            "unknown_field",
        ),
        invalid("list parameter unknown", format!("{SESSIONS}?limits=1")),
        get(
            "export of nobody",
            format!("{service}/export/{none}"),
            404,
            "tenant_not_found",
        ),
        invalid("export of no UUID", format!("{service}/export/7")),
        invalid(
            "export in no form",
            format!("{service}/export/{tenant}?form=xml"),
        ),
        get(
            "export of no domain",
            format!("/services/laed/internal/demo/export/{tenant}"),
            404,
            "unknown_domain",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_a_problem_with_a_stable_code() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let session = app.create("show").await.expect(200);
    let mut cases = bodies();
    cases.extend(paths(
        &path(&session, ""),
        &data(&session, "lead/note"),
        tenant(&session),
    ));
    let mut told = String::new();
    for case in cases {
        let mut request = Request::builder().method(&case.method).uri(&case.path);
        // With the key: so that what is refused is the request, not the caller.
        request = request.header("x-internal-api-key", INTERNAL_KEY);
        if let Some(content) = case.content {
            request = request.header("content-type", content);
        }
        let answer = app.send(request.body(Body::from(case.body)).unwrap()).await;
        assert_eq!(
            answer.status.as_u16(),
            case.status,
            "{}: {}",
            case.name,
            answer.text
        );
        let problem = answer.problem(case.status, case.code);
        assert_eq!(problem["status"], case.status, "{}", case.name);
        assert_eq!(
            problem["type"],
            format!("urn:levain:problem:{}", case.code),
            "{}",
            case.name
        );
        assert_discreet(&app, &answer);
        told.push_str(&format!("# {}\n{problem:#}\n\n", case.name));
    }
    assert_eq!(
        app.get_internal(SESSIONS).await.expect(200)["sessions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    masked().bind(|| insta::assert_snapshot!(told));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_say_its_length_is_bounded_all_the_same() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let body = Body::from(" ".repeat(100_000));
    let request = Request::post(SESSIONS).header("content-type", "application/json");
    let request = request.body(body).unwrap();
    assert!(!request.headers().contains_key("content-length"));
    let answer = app.send(request).await;
    answer.problem(413, "body_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_is_not_allowed_is_told_those_that_are() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let answer = app
        .call(Method::PATCH, SESSIONS, &[], &serde_json::Value::Null)
        .await;
    answer.problem(405, "method_not_allowed");
    let allowed = answer.headers["allow"].to_str().unwrap();
    assert!(
        allowed.contains("GET") && allowed.contains("POST"),
        "{allowed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stated_length_is_rejected_before_the_body() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    for (method, path) in [("POST", SESSIONS), ("DELETE", "/api/demo/sessions/demo_0")] {
        let request = Request::builder().method(method).uri(path);
        let request = request
            .header("content-type", "application/json")
            .header("content-length", "65537");
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        let problem = answer.problem(413, "body_too_large");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("65536 bytes"), "{detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn byte_order_mark_is_not_json() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let request = Request::post(SESSIONS).header("content-type", "application/json");
    let body = Body::from("\u{feff}{}");
    let answer = app.send(request.body(body).unwrap()).await;
    answer.problem(400, "malformed_json");
}

#[tokio::test(flavor = "multi_thread")]
async fn url_has_at_most_8192_bytes() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let path = |bytes: usize| format!("/healthz?{}", "x".repeat(bytes - "/healthz?".len()));
    app.get(&path(8192)).await.expect(200);
    for path in [path(8193), format!("/{}", "x".repeat(60_000))] {
        let problem = app.get(&path).await.problem(414, "url_too_long");
        assert!(problem["detail"].as_str().unwrap().contains("8192 bytes"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn problem_lists_20_faults_and_counts_the_others() {
    let app = TestApp::over(&Puppets::new().load().hosting).await;
    let query = "a&".repeat(4000);
    let answer = app.get_internal(&format!("{SESSIONS}?{query}")).await;
    let problem = answer.problem(400, "invalid_request");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 20);
    assert_eq!(problem["further_errors"], 3980);
    assert_eq!(problem["detail"], "the request has 4000 faults");
    assert!(answer.text.len() < 4000, "{}", answer.text.len());
    let whole = app.get_internal(&format!("{SESSIONS}?a")).await;
    assert!(whole.json().get("further_errors").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_input_is_cut_and_has_no_control_characters() {
    let app = TestApp::over(&Puppets::triggering("extra", "honest").load().hosting).await;
    let session = app.create("show").await.expect(200);
    let long = "%1B%5B31m%00".repeat(300);
    let name = "\\u001b[31m\\u0000".repeat(200);
    let records = |rest: String| path(&session, &format!("/data/{rest}"));
    let get = |path: String| ("GET", path, String::new());
    let post = |body: String| ("POST", SESSIONS.to_owned(), body);
    for (method, path, body) in [
        get(format!("{SESSIONS}?{long}=1")),
        get(format!("{SESSIONS}?limit={long}")),
        get(records(format!("{long}/note"))),
        get(records(format!("lead/{long}"))),
        get(records(format!("lead/note?{long}=1"))),
        get(format!("/services/{long}/internal/demo/export/7")),
        get(path(&session, &format!("/alerts?status={long}"))),
        post(format!(r#"{{"demo_account_type":"{name}"}}"#)),
        post(format!(r#"{{"demo_account_type":"show","{name}":1}}"#)),
        post(format!(r#""{name}""#)),
    ] {
        let request = Request::builder().method(method).uri(&path);
        let request = request
            .header("content-type", "application/json")
            .header("x-internal-api-key", INTERNAL_KEY);
        let answer = app.send(request.body(Body::from(body)).unwrap()).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.text);
        assert!(answer.text.len() < 8000, "{path}: {}", answer.text.len());
        // As JSON writes them.
        for control in ["\\u001b", "\\u0000", "\u{7f}", "\u{9b}"] {
            assert!(!answer.text.contains(control), "{path}: {}", answer.text);
        }
    }
}

/// No internal path, SQL or backtrace.
pub fn assert_discreet(app: &TestApp, answer: &Answer) {
    let (data, root) = (app.data.path().to_str().unwrap().to_owned(), root());
    let inside = [
        data.as_str(),
        root.to_str().unwrap(),
        "/src/",
        ".rs:",
        "panicked",
        "backtrace",
    ];
    let sql = [
        "SELECT ",
        "INSERT ",
        "UPDATE ",
        "DELETE FROM",
        "sqlite",
        "SQLITE",
        "demo_sessions",
    ];
    for told in inside.into_iter().chain(sql) {
        assert!(!answer.text.contains(told), "{told:?} in {}", answer.text);
    }
}
