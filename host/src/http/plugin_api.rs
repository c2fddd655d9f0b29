//! What this room asks of the versions of plugins. In service the [`Sessions`] answer.

use async_trait::async_trait;

use crate::sessions::{
    DomainVersions, Install, InstallTurn, Installation, Rollback, Sessions, VersionsError,
};

/// The calls of [`Sessions`] that change what serves; each is described there. [`Sessions::install_in`] is
/// `install` here.
#[async_trait]
#[expect(missing_docs, reason = "each is a method of `Sessions`")]
pub trait PluginApi: Send + Sync + 'static {
    async fn versions(&self) -> Result<(u32, Vec<DomainVersions>), VersionsError>;
    async fn take_turn(&self) -> Result<InstallTurn, VersionsError>;
    async fn install(
        &self,
        turn: InstallTurn,
        asked: Install,
    ) -> Result<Installation, VersionsError>;
    async fn roll_back(&self, asked: Rollback) -> Result<u32, VersionsError>;
}

#[async_trait]
impl PluginApi for Sessions {
    async fn versions(&self) -> Result<(u32, Vec<DomainVersions>), VersionsError> {
        self.versions().await
    }

    async fn take_turn(&self) -> Result<InstallTurn, VersionsError> {
        self.take_turn()
    }

    async fn install(
        &self,
        turn: InstallTurn,
        asked: Install,
    ) -> Result<Installation, VersionsError> {
        self.install_in(turn, asked).await
    }

    async fn roll_back(&self, asked: Rollback) -> Result<u32, VersionsError> {
        self.roll_back(asked).await
    }
}
