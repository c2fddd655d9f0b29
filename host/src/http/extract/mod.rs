//! Extraction: what a request holds, read strictly. Every fault is found before a refusal is
//! given, and each says where it stands.

mod body;
mod component;
mod fields;
mod idempotency;
mod key;
mod may_create;
mod path;
mod prefer;
mod query;
mod value;

pub(super) use body::{JsonObject, too_large, unparsed};
pub(super) use component::ComponentBody;
pub(super) use fields::Fields;
pub(super) use idempotency::IdempotencyKey;
pub(super) use key::{AdminCaller, Caller, InternalCaller, TriedKey};
pub(super) use may_create::MayCreate;
pub(super) use path::{PathParams, uuid_parameter};
pub(super) use prefer::Prefer;
pub(super) use query::{QueryPairs, read_limit};
pub(super) use value::{read_instant, read_uuid};
