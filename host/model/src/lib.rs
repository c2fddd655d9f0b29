//! Owns the plain values that every room speaks of: sessions, tenants, the outcomes of their domains and
//! triggers, segments, revisions.
//!
//! Never: SQL, HTTP, wasmtime, or a decision about any of them.

mod column;
mod failure;
pub mod fault;
mod fingerprint;
mod outcome;
mod phase;
mod revision;
mod secret;
mod segment;
mod session;

pub use column::{Column, ColumnKind, ViewSpec};
pub use failure::Failure;
pub use fingerprint::{KeyFingerprint, KeyName};
pub use outcome::{DomainOutcome, DomainStatus, Part, TriggerOutcome, TriggerStatus};
pub use phase::Phase;
pub use revision::{CatalogClaim, Cause, ComponentRow, ROLLBACKS, Revision, named, versions};
pub use secret::Secret;
pub use segment::{
    EntityCount, EntityCounts, Segment, StoredSegment, concatenated, content_digest, hex,
    sha256_hex, stored_bytes, unhex,
};
pub use session::{Session, SessionCounts, SessionStatus, Tenant};
