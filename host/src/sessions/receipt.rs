//! Receipts: sealed with a session's data, and readable with its id.

use super::{SessionError, Sessions};
use crate::receipts::{Circumstances, PublicKey, Receipt, ReceiptError};
use levain_model::{Session, StoredSegment};
use levain_store::Replaced;

impl Sessions {
    /// The stored receipt of a session: JSON with a signature. It outlives the session's data.
    ///
    /// # Errors
    /// [`SessionError::NotFound`]; [`SessionError::NoReceipt`] where nothing of it was ever committed;
    /// [`SessionError::Store`].
    pub async fn receipt(&self, session_id: &str) -> Result<String, SessionError> {
        let session = self.find(session_id).await?;
        let receipt = self.inner.parts.repo.find_receipt(session_id).await?;
        receipt.ok_or(SessionError::NoReceipt {
            status: session.status,
        })
    }

    /// What receipts of this host are checked with.
    #[must_use]
    pub fn receipt_key(&self) -> &PublicKey {
        self.inner.parts.seal.public_key()
    }

    /// Seals the receipt to commit with these segments.
    pub(super) fn seal(
        &self,
        session: &Session,
        segments: &[StoredSegment],
    ) -> Result<String, SessionError> {
        let receipt = Receipt::of(session, segments, self.circumstances());
        self.sealed(&receipt)
    }

    /// Seals what a session is to be made of once some of its data is replaced; `None` where what stays
    /// has no receipt.
    pub(super) async fn seal_after(
        &self,
        session: &Session,
        replaced: Replaced<'_>,
        segments: &[StoredSegment],
    ) -> Result<Option<String>, SessionError> {
        let parts = &self.inner.parts;
        let receipt = match replaced {
            Replaced::Everything => {
                let after = Session {
                    epoch: session.epoch.saturating_add(1),
                    ..session.clone()
                };
                Receipt::of(&after, segments, self.circumstances())
            }
            Replaced::Parts(_) => {
                let Some(before) = parts.repo.find_receipt(&session.session_id).await? else {
                    return Ok(None);
                };
                let before: Receipt = Receipt::read(&before).map_err(unreadable)?;
                before.after(session, replaced, segments, self.circumstances())
            }
        };
        self.sealed(&receipt).map(Some)
    }

    fn sealed(&self, receipt: &Receipt) -> Result<String, SessionError> {
        self.inner.parts.seal.seal(receipt).map_err(unreadable)
    }

    fn circumstances(&self) -> Circumstances {
        let parts = &self.inner.parts;
        Circumstances {
            engine: parts.sandbox.engine_name().to_owned(),
            base_reference: parts.catalog.base_reference(),
            now: parts.clock.now(),
        }
    }
}

fn unreadable(error: ReceiptError) -> SessionError {
    SessionError::Host {
        reason: format!("the session's receipt: {error}"),
    }
}
