//! The description of the API (OpenAPI 3.1), made of the routes' own attributes.

mod records;
pub(super) mod refusal;

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, RefOr};

pub(super) use records::described;

use super::params::ExportForm;
use super::problem::ProblemView;

/// The parts of the description that belong to no route.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Levain",
        description = "Instant, deterministic, disposable demo sessions. Every refusal is `application/problem+json` (RFC 9457) with a stable `code`.",
    ),
    components(schemas(ProblemView, ExportForm)),
    tags(
        (name = "sessions", description = "Sessions: open to everybody, authorised by the session's unguessable id"),
        (name = "data", description = "A session's data: with its access token"),
        (name = "services", description = "What each domain's service answers: with the internal key"),
        (name = "plugins", description = "Which component serves each domain: with the admin key"),
        (name = "operations", description = "For whoever runs the host"),
    ),
)]
pub(super) struct ApiDoc;

/// Refusals of every request, also before it is routed.
const ALWAYS: [(&str, &str); 3] = [
    ("414", "The path and its query have more than 8 KiB."),
    (
        "431",
        "The head of the request has more than 64 KiB or 100 fields. The answer has no body.",
    ),
    ("500", "The host failed; its log says why."),
];

/// The refusal of every route that reads or takes a key.
const TOO_MANY: &str = "Too many requests from this address: in a minute, at once, or with a wrong key; see `Retry-After`.";

/// The route that is answered under any load.
const ALIVE: &str = "/healthz";

/// Adds what all routes share: authentication, bounds, and failures of the host.
pub(super) fn complete(description: &mut OpenApi) {
    let components = description.components.get_or_insert_default();
    components.add_security_scheme("internal_key", internal_key());
    components.add_security_scheme("admin_key", admin_key());
    components.add_security_scheme("access_token", access_token());
    for (path, item) in &mut description.paths.paths {
        for operation in operations(item) {
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(parameter) = parameter {
                    never_null(&mut parameter.schema);
                }
            }
            let responses = &mut operation.responses.responses;
            for (status, description) in ALWAYS {
                responses.insert(status.to_owned(), refusal::response(status, description));
            }
            if path != ALIVE {
                let too_many = || refusal::response("429", TOO_MANY);
                responses.entry("429".to_owned()).or_insert_with(too_many);
            }
        }
    }
}

/// A parameter is given or is not; there is no null in a header.
fn never_null(schema: &mut Option<RefOr<Schema>>) {
    let Some(RefOr::T(Schema::Object(schema))) = schema else {
        return;
    };
    if let SchemaType::Array(types) = &mut schema.schema_type {
        types.retain(|kind| *kind != Type::Null);
        if let [only] = types.as_slice() {
            schema.schema_type = SchemaType::Type(only.clone());
        }
    }
}

fn admin_key() -> SecurityScheme {
    let description = "The host's ADMIN_API_KEY";
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
        "X-Admin-API-Key",
        description,
    )))
}

fn internal_key() -> SecurityScheme {
    let description = "The host's INTERNAL_API_KEY";
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
        "X-Internal-API-Key",
        description,
    )))
}

fn access_token() -> SecurityScheme {
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("PASETO v4.public")
        .description(Some(
            "`credentials.access_token` of the answer to a session's creation",
        ));
    SecurityScheme::Http(token.build())
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.head,
        &mut item.patch,
    ]
    .into_iter()
    .filter_map(Option::as_mut)
}
