//! Receipts and verifications, as the API shows them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::receipts::PublicKey;
use crate::sessions::{Comparison, Verdict, Verification};

/// A receipt and its signature; described here, and written where it is sealed.
#[derive(ToSchema)]
#[schema(as = SealedReceipt)]
#[expect(dead_code, reason = "it describes what is stored as text")]
pub(in crate::http) struct SealedReceiptView {
    /// What the session was made of. Signed in its canonical form (RFC 8785), behind `levain:receipt:1` and a line feed.
    receipt: ReceiptView,
    /// The signature of it.
    signature: SignatureView,
}

/// What a session was made of.
#[derive(ToSchema)]
#[schema(as = Receipt)]
#[expect(dead_code, reason = "as above")]
struct ReceiptView {
    /// The form of this document.
    form: u32,
    /// The SHA-256 of the session's id.
    session_digest: String,
    /// The account.
    account: String,
    /// The digest of the catalog: fixtures, schemas and rules.
    catalog_digest: String,
    /// The host and the engine that ran the components.
    engine: String,
    /// The data clock.
    session_created_at: DateTime<Utc>,
    /// The instant that the fixtures describe.
    base_reference: DateTime<Utc>,
    /// The revision of the registry of plugins that the session is of; absent where there is none.
    plugin_revision: Option<u32>,
    /// Counts who changed the session's data: 1 as it was created.
    epoch: u32,
    /// When the receipt was written.
    sealed_at: DateTime<Utc>,
    /// The session's tenants.
    tenants: Vec<TenantReceiptView>,
}

/// What one tenant was made of.
#[derive(ToSchema)]
#[schema(as = TenantReceipt)]
#[expect(dead_code, reason = "as above")]
struct TenantReceiptView {
    /// The virtual tenant.
    tenant_id: Uuid,
    /// The tenant that its fixtures were written for.
    base_tenant_id: Uuid,
    /// The outlet, where it is one.
    outlet: Option<String>,
    /// Every call that its data came from.
    calls: Vec<CallReceiptView>,
    /// Every segment that it holds.
    segments: Vec<SegmentReceiptView>,
}

/// One call of one component.
#[derive(ToSchema)]
#[schema(as = CallReceipt)]
#[expect(dead_code, reason = "as above")]
struct CallReceiptView {
    /// The domain whose component was called.
    domain: String,
    /// The trigger; null for a clone.
    trigger: Option<String>,
    /// The SHA-256 of the component.
    component_digest: Option<String>,
    /// The digest of the fixtures that a clone was prepared with.
    fixture_digest: Option<String>,
    /// How long it took, checks included, in microseconds.
    duration_us: Option<u64>,
    /// The largest linear memory that the component held.
    peak_memory_bytes: Option<u64>,
}

/// One segment.
#[derive(ToSchema)]
#[schema(as = SegmentReceipt)]
#[expect(dead_code, reason = "as above")]
struct SegmentReceiptView {
    /// The domain that owns it.
    domain: String,
    /// The entity.
    entity: String,
    /// The trigger that made it; empty for what a clone made.
    part: String,
    /// How many records it has.
    records: u32,
    /// The length of its JSON text.
    bytes: u64,
    /// The SHA-256 of its JSON text.
    sha256: String,
}

/// A signature.
#[derive(ToSchema)]
#[schema(as = ReceiptSignature)]
#[expect(dead_code, reason = "as above")]
struct SignatureView {
    /// `Ed25519`.
    algorithm: String,
    /// The name of the key that made it.
    key_id: String,
    /// The 64 bytes, in hexadecimal.
    value: String,
}

/// What receipts are checked with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReceiptKey)]
pub(in crate::http) struct ReceiptKeyView {
    /// `Ed25519`.
    algorithm: &'static str,
    /// The key's name, as receipts have it.
    key_id: String,
    /// The 32 bytes of the public key, in hexadecimal.
    public_key: String,
}

impl From<&PublicKey> for ReceiptKeyView {
    fn from(key: &PublicKey) -> Self {
        Self {
            algorithm: "Ed25519",
            key_id: key.id(),
            public_key: key.to_string(),
        }
    }
}

/// A session that was made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Verification)]
pub(in crate::http) struct VerificationView {
    /// Whether everything is the same.
    verified: bool,
    /// How many segments were compared.
    segments: usize,
    /// Those that are not the same.
    differences: Vec<DifferenceView>,
}

/// A segment that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Difference)]
struct DifferenceView {
    /// The tenant that it belongs to.
    tenant_id: Uuid,
    /// The domain that owns it.
    domain: String,
    /// The entity.
    entity: String,
    /// The trigger that made it; empty for what a clone made.
    part: String,
    /// `differs`, `missing`, `unexpected` or `not_of_receipt`.
    verdict: &'static str,
    /// Where the first other byte is in the stored text, where it differs.
    offset: Option<usize>,
}

impl From<&Verification> for VerificationView {
    fn from(verification: &Verification) -> Self {
        Self {
            verified: verification.holds(),
            segments: verification.segments.len(),
            differences: verification
                .segments
                .iter()
                .filter_map(DifferenceView::of)
                .collect(),
        }
    }
}

impl DifferenceView {
    fn of(compared: &Comparison) -> Option<Self> {
        let (verdict, offset) = match compared.verdict {
            Verdict::Same => return None,
            Verdict::Differs { offset } => ("differs", Some(offset)),
            Verdict::Missing => ("missing", None),
            Verdict::Unexpected => ("unexpected", None),
            Verdict::NotOfReceipt => ("not_of_receipt", None),
        };
        Some(Self {
            tenant_id: compared.tenant_id,
            domain: compared.domain.clone(),
            entity: compared.entity.clone(),
            part: compared.part.clone(),
            verdict,
            offset,
        })
    }
}
