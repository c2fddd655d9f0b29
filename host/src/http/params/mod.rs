//! JSON and queries in: what callers may say, read strictly.

mod child;
mod clone;
mod components;
mod exists;
mod export;
mod figures;
mod listing;
mod plugins;
mod session;
mod session_list;
mod trigger;

pub(super) use child::ChildParams;
pub(super) use clone::CloneParams;
pub(super) use components::read_components;
pub(super) use exists::ExistsParams;
pub(super) use export::ExportForm;
pub(super) use figures::FiguresParams;
pub(super) use listing::ListingParams;
pub(super) use plugins::{CallerParams, InstallParams, RollbackParams};
pub(super) use session::NewSessionParams;
pub(super) use session_list::SessionListParams;
pub(super) use trigger::TriggerParams;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::response::IntoResponse as _;
    use utoipa::openapi::{RefOr, Schema};
    use utoipa::{IntoParams, PartialSchema};

    use super::*;
    use crate::http::extract::{Caller, IdempotencyKey, JsonObject, QueryPairs};
    use crate::http::problem::Problem;

    /// Resembles no name.
    const UNKNOWN: &str = "????????????????";

    /// The names that a reader knows: it lists them where it meets an unknown one.
    async fn read<T>(result: Result<T, Problem>) -> BTreeSet<String> {
        let response = result.err().unwrap().into_response();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await;
        let body: serde_json::Value = serde_json::from_slice(&body.unwrap()).unwrap();
        let mut faults = body["errors"].as_array().unwrap().iter();
        let names = faults.find_map(|fault| fault["detail"].as_str()?.split_once("known are: "));
        let names = names.unwrap().1.split(", ");
        names.map(str::to_owned).collect()
    }

    fn query() -> QueryPairs {
        QueryPairs(vec![(UNKNOWN.to_owned(), String::new())])
    }

    fn body() -> JsonObject {
        serde_json::from_value(serde_json::json!({ UNKNOWN: 1 })).unwrap()
    }

    fn parameters<T: IntoParams>() -> BTreeSet<String> {
        let parameters = T::into_params(|| None).into_iter();
        parameters.map(|parameter| parameter.name).collect()
    }

    fn fields<T: PartialSchema>() -> BTreeSet<String> {
        match T::schema() {
            RefOr::T(Schema::Object(object)) => object.properties.into_keys().collect(),
            _ => panic!("its schema is not an object"),
        }
    }

    #[tokio::test]
    async fn parameters_read_are_those_described() {
        assert_eq!(
            read(ExistsParams::read(query())).await,
            parameters::<ExistsParams>()
        );
        assert_eq!(
            read(FiguresParams::read(query())).await,
            parameters::<FiguresParams>()
        );
        assert_eq!(
            read(InstallParams::read(query())).await,
            parameters::<InstallParams>()
        );
        assert_eq!(
            read(CallerParams::read(query())).await,
            parameters::<CallerParams>()
        );
        assert_eq!(
            read(SessionListParams::read(query())).await,
            parameters::<SessionListParams>()
        );
        let listing = ListingParams::read(query()).unwrap();
        let mut known = read(listing.filters(&[])).await;
        known.insert("filters".to_owned());
        assert_eq!(known, parameters::<ListingParams>());

        let domain = || "lead".to_owned();
        assert_eq!(
            read(ChildParams::read(body())).await,
            fields::<ChildParams>()
        );
        assert_eq!(
            read(CloneParams::read(domain(), body())).await,
            fields::<CloneParams>()
        );
        assert_eq!(
            read(TriggerParams::read(domain(), domain(), body())).await,
            fields::<TriggerParams>()
        );
        let new = NewSessionParams::read(body(), Caller::Public, IdempotencyKey(None));
        assert_eq!(read(new).await, fields::<NewSessionParams>());
        assert_eq!(
            read(RollbackParams::read(body())).await,
            fields::<RollbackParams>()
        );
    }
}
