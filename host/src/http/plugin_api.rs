//! What this room asks of the versions of plugins. In service the [`Revisions`] do.

use async_trait::async_trait;

use crate::revisions::Revisions;
use crate::revisions::{
    DomainVersions, Install, InstallTurn, Installation, RevisionError, Rollback,
};

/// The calls of [`Revisions`] that change what serves; each is described there. [`Revisions::install_in`] is
/// `install` here.
#[async_trait]
#[expect(missing_docs, reason = "each is a method of `Revisions`")]
pub trait PluginApi: Send + Sync + 'static {
    async fn versions(&self) -> Result<(u32, Vec<DomainVersions>), RevisionError>;
    async fn take_turn(&self) -> Result<InstallTurn, RevisionError>;
    async fn install(
        &self,
        turn: InstallTurn,
        asked: Install,
    ) -> Result<Installation, RevisionError>;
    async fn roll_back(&self, asked: Rollback) -> Result<u32, RevisionError>;
}

#[async_trait]
impl PluginApi for Revisions {
    async fn versions(&self) -> Result<(u32, Vec<DomainVersions>), RevisionError> {
        self.versions().await
    }

    async fn take_turn(&self) -> Result<InstallTurn, RevisionError> {
        self.take_turn()
    }

    async fn install(
        &self,
        turn: InstallTurn,
        asked: Install,
    ) -> Result<Installation, RevisionError> {
        self.install_in(turn, asked).await
    }

    async fn roll_back(&self, asked: Rollback) -> Result<u32, RevisionError> {
        self.roll_back(asked).await
    }
}
