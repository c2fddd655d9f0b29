//! Writes in transactions, which need space on the disk or lead to some.

use std::future::Future;

use sqlx::{Sqlite, Transaction};

use super::SqliteRepo;
use super::connect::Connections;
use super::error::classify;
use crate::RepoError;

impl SqliteRepo {
    /// Does what needs space, or refuses it while the disk has none.
    pub(super) async fn with_room<T>(
        &self,
        work: impl Future<Output = Result<T, RepoError>> + Send,
    ) -> Result<T, RepoError> {
        self.room.refuse_while_short()?;
        let done = work.await;
        if let Err(error @ RepoError::Full { .. }) = &done {
            self.run_short(error);
        }
        done
    }

    /// Runs a transaction that frees space; on a full disk, again with the reserve.
    pub(super) async fn with_reserve<T, W>(
        &self,
        work: impl Fn() -> W + Send,
    ) -> Result<T, RepoError>
    where
        W: Future<Output = Result<T, RepoError>> + Send,
    {
        match work().await {
            Err(error @ RepoError::Full { .. }) => {
                self.run_short(&error);
                self.room.give_up();
                work().await
            }
            done => done,
        }
    }

    fn run_short(&self, error: &RepoError) {
        self.room.run_short(&levain_model::fault::chain(error));
        self.checkpointer.notify();
    }

    pub(super) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, RepoError> {
        begin(&self.connections).await
    }

    pub(super) async fn commit(
        &self,
        transaction: Transaction<'static, Sqlite>,
    ) -> Result<(), RepoError> {
        transaction.commit().await.map_err(classify)?;
        self.checkpointer.notify();
        Ok(())
    }

    /// Commits if the change may stay, and rolls back otherwise; returns whether it committed.
    pub(super) async fn commit_if(
        &self,
        kept: bool,
        transaction: Transaction<'static, Sqlite>,
    ) -> Result<bool, RepoError> {
        match kept {
            true => self.commit(transaction).await?,
            false => transaction.rollback().await.map_err(classify)?,
        }
        Ok(kept)
    }
}

/// Begins a transaction that writes. Taking the write lock at once means that it cannot fail
/// halfway because somebody else wrote in between.
pub(super) async fn begin(
    connections: &Connections,
) -> Result<Transaction<'static, Sqlite>, RepoError> {
    connections
        .writer
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(classify)
}
