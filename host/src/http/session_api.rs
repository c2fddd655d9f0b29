//! What this room asks of the sessions. In service the [`Sessions`] answer; the room's own tests
//! put something smaller in their place.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::catalog::{Account, Domain};
use crate::repo::{ServiceRow, SessionRow, TenantRow};
use crate::segment::{EntityCounts, StoredSegment};
use crate::sessions::{
    CloneDomain, Created, Destroyed, NewSession, SessionError, SessionPolicy, Sessions,
};

type Answer<T> = Result<T, SessionError>;

/// The calls of [`Sessions`] and its catalog that have a route; each is described there.
#[async_trait]
#[expect(
    missing_docs,
    reason = "each is the method of `Sessions` of the same name"
)]
pub trait SessionApi: Send + Sync + 'static {
    async fn create(&self, new: NewSession) -> Answer<Created>;
    async fn begin(&self, new: NewSession) -> Answer<Created>;
    async fn find(&self, session_id: &str) -> Answer<SessionRow>;
    async fn list(&self, limit: u32) -> Answer<Vec<SessionRow>>;
    async fn destroy(&self, session_id: &str) -> Answer<Destroyed>;
    async fn open_tenant(
        &self,
        session_id: &str,
        tenant_id: Option<Uuid>,
    ) -> Answer<(SessionRow, TenantRow)>;
    async fn segment(
        &self,
        tenant_id: Uuid,
        domain: &str,
        entity: &str,
    ) -> Answer<Option<StoredSegment>>;
    async fn session_of_tenant(&self, tenant_id: Uuid) -> Answer<SessionRow>;
    async fn clone_domain(&self, asked: CloneDomain) -> Answer<ServiceRow>;
    async fn delete_domain(&self, domain: &str, tenant_id: Uuid) -> Answer<EntityCounts>;
    async fn export(&self, domain: &str, tenant_id: Uuid, canonical: bool) -> Answer<String>;
    async fn ready(&self) -> Answer<()>;
    fn policy(&self) -> SessionPolicy;
    fn now(&self) -> DateTime<Utc>;
    /// The accounts of the catalog, in its order.
    fn accounts(&self) -> Vec<&Account>;
    fn account(&self, slug: &str) -> Option<&Account>;
    /// The domains of the catalog, in its order.
    fn domains(&self) -> &[Domain];
    /// The fields of an entity's records, in the order of its schema.
    fn fields(&self, domain: &str, entity: &str) -> Vec<&str>;
}

#[async_trait]
impl SessionApi for Sessions {
    async fn create(&self, new: NewSession) -> Answer<Created> {
        self.create(new).await
    }

    async fn begin(&self, new: NewSession) -> Answer<Created> {
        self.begin(new).await
    }

    async fn find(&self, session_id: &str) -> Answer<SessionRow> {
        self.find(session_id).await
    }

    async fn list(&self, limit: u32) -> Answer<Vec<SessionRow>> {
        self.list(limit).await
    }

    async fn destroy(&self, session_id: &str) -> Answer<Destroyed> {
        self.destroy(session_id).await
    }

    async fn open_tenant(
        &self,
        session_id: &str,
        tenant_id: Option<Uuid>,
    ) -> Answer<(SessionRow, TenantRow)> {
        self.open_tenant(session_id, tenant_id).await
    }

    async fn segment(
        &self,
        tenant_id: Uuid,
        domain: &str,
        entity: &str,
    ) -> Answer<Option<StoredSegment>> {
        self.segment(tenant_id, domain, entity).await
    }

    async fn session_of_tenant(&self, tenant_id: Uuid) -> Answer<SessionRow> {
        self.session_of_tenant(tenant_id).await
    }

    async fn clone_domain(&self, asked: CloneDomain) -> Answer<ServiceRow> {
        self.clone_domain(asked).await
    }

    async fn delete_domain(&self, domain: &str, tenant_id: Uuid) -> Answer<EntityCounts> {
        self.delete_domain(domain, tenant_id).await
    }

    async fn export(&self, domain: &str, tenant_id: Uuid, canonical: bool) -> Answer<String> {
        self.export(domain, tenant_id, canonical).await
    }

    async fn ready(&self) -> Answer<()> {
        self.ready().await
    }

    fn policy(&self) -> SessionPolicy {
        self.policy()
    }

    fn now(&self) -> DateTime<Utc> {
        self.now()
    }

    fn accounts(&self) -> Vec<&Account> {
        self.catalog().accounts().collect()
    }

    fn account(&self, slug: &str) -> Option<&Account> {
        self.catalog().account(slug)
    }

    fn domains(&self) -> &[Domain] {
        self.catalog().domains()
    }

    fn fields(&self, domain: &str, entity: &str) -> Vec<&str> {
        let columns = self
            .catalog()
            .schema(domain, entity)
            .map(|schema| schema.columns());
        columns
            .unwrap_or_default()
            .iter()
            .map(|column| column.name.as_str())
            .collect()
    }
}
