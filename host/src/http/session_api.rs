//! What this room asks of the sessions. In service the [`Sessions`] answer; the room's own tests
//! put something smaller in their place.

use std::pin::Pin;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::{Stream, stream};
use serde_json::Value;
use uuid::Uuid;

use crate::metrics::Gauges;
use crate::receipts::PublicKey;
use crate::sessions::{
    CallTrigger, CloneChild, CloneDomain, Created, Destroyed, NewSession, SessionError,
    SessionPolicy, Sessions, Verification,
};
use levain_catalog::{Account, Domain, EntityRef, Trigger};
use levain_model::Phase;
use levain_model::{DomainOutcome, Session, Tenant, TriggerOutcome};
use levain_model::{EntityCounts, StoredSegment};
use levain_store::SessionPosition;

type Answer<T> = Result<T, SessionError>;

/// A session's states, each when it has come about; nothing follows a failure.
pub type States = Pin<Box<dyn Stream<Item = Result<Session, SessionError>> + Send>>;

/// The calls of [`Sessions`] and its catalog that have a route; each is described there.
#[async_trait]
#[expect(
    missing_docs,
    reason = "each is the method of `Sessions` of the same name"
)]
pub trait SessionApi: Send + Sync + 'static {
    async fn create(&self, new: NewSession) -> Answer<Created>;
    async fn begin(&self, new: NewSession) -> Answer<Created>;
    async fn find(&self, session_id: &str) -> Answer<Session>;
    async fn list(&self, after: Option<&SessionPosition>, limit: u32) -> Answer<Vec<Session>>;
    async fn receipt(&self, session_id: &str) -> Answer<String>;
    async fn verify(&self, session_id: &str) -> Answer<Verification>;
    fn receipt_key(&self) -> PublicKey;
    async fn extend(&self, session_id: &str) -> Answer<Session>;
    async fn reset(&self, session_id: &str) -> Answer<Session>;
    async fn destroy(&self, session_id: &str) -> Answer<Destroyed>;
    fn watch(&self, session_id: &str) -> States;
    async fn open_tenant(
        &self,
        session_id: &str,
        tenant_id: Option<Uuid>,
    ) -> Answer<(Session, Tenant)>;
    async fn segments(
        &self,
        tenant_id: Uuid,
        domain: &str,
        entity: &str,
    ) -> Answer<Vec<StoredSegment>>;
    async fn session_of_tenant(&self, tenant_id: Uuid) -> Answer<Session>;
    async fn clone_domain(&self, asked: CloneDomain) -> Answer<DomainOutcome>;
    async fn clone_child(&self, asked: CloneChild) -> Answer<DomainOutcome>;
    async fn run_trigger(&self, asked: CallTrigger) -> Answer<TriggerOutcome>;
    async fn delete_domain(&self, domain: &str, tenant_id: Uuid) -> Answer<EntityCounts>;
    async fn export(&self, domain: &str, tenant_id: Uuid, canonical: bool) -> Answer<String>;
    async fn ready(&self) -> Answer<()>;
    async fn gauges(&self) -> Gauges;
    fn policy(&self) -> SessionPolicy;
    fn now(&self) -> DateTime<Utc>;
    /// The accounts of the catalog, in its order.
    fn accounts(&self) -> Vec<&Account>;
    fn account(&self, slug: &str) -> Option<&Account>;
    /// The domains of the catalog, in its order.
    fn domains(&self) -> &[Domain];
    /// The triggers of the catalog, in its order.
    fn triggers(&self) -> &[Trigger];
    /// What the triggers of a phase make, where there are any.
    fn product(&self, phase: Phase) -> Option<&EntityRef>;
    /// The fields of an entity's records, in the order of its schema.
    fn fields(&self, domain: &str, entity: &str) -> Vec<&str>;
    /// The schema of an entity.
    fn schema(&self, entity: &EntityRef) -> Option<&Value>;
}

#[async_trait]
impl SessionApi for Sessions {
    async fn create(&self, new: NewSession) -> Answer<Created> {
        self.create(new).await
    }

    async fn begin(&self, new: NewSession) -> Answer<Created> {
        self.begin(new).await
    }

    async fn find(&self, session_id: &str) -> Answer<Session> {
        self.find(session_id).await
    }

    async fn list(&self, after: Option<&SessionPosition>, limit: u32) -> Answer<Vec<Session>> {
        self.list(after, limit).await
    }

    async fn receipt(&self, session_id: &str) -> Answer<String> {
        self.receipt(session_id).await
    }

    async fn verify(&self, session_id: &str) -> Answer<Verification> {
        self.verify(session_id).await
    }

    fn receipt_key(&self) -> PublicKey {
        self.receipt_key().clone()
    }

    async fn extend(&self, session_id: &str) -> Answer<Session> {
        self.extend(session_id).await
    }

    async fn reset(&self, session_id: &str) -> Answer<Session> {
        self.reset(session_id).await
    }

    async fn destroy(&self, session_id: &str) -> Answer<Destroyed> {
        self.destroy(session_id).await
    }

    fn watch(&self, session_id: &str) -> States {
        let watch = self.watch(session_id);
        Box::pin(stream::unfold(watch, |mut watch| async move {
            let state = watch.next().await.transpose()?;
            Some((state, watch))
        }))
    }

    async fn open_tenant(
        &self,
        session_id: &str,
        tenant_id: Option<Uuid>,
    ) -> Answer<(Session, Tenant)> {
        self.open_tenant(session_id, tenant_id).await
    }

    async fn segments(
        &self,
        tenant_id: Uuid,
        domain: &str,
        entity: &str,
    ) -> Answer<Vec<StoredSegment>> {
        self.segments(tenant_id, domain, entity).await
    }

    async fn session_of_tenant(&self, tenant_id: Uuid) -> Answer<Session> {
        self.session_of_tenant(tenant_id).await
    }

    async fn clone_domain(&self, asked: CloneDomain) -> Answer<DomainOutcome> {
        self.clone_domain(asked).await
    }

    async fn clone_child(&self, asked: CloneChild) -> Answer<DomainOutcome> {
        self.clone_child(asked).await
    }

    async fn run_trigger(&self, asked: CallTrigger) -> Answer<TriggerOutcome> {
        self.run_trigger(asked).await
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

    async fn gauges(&self) -> Gauges {
        self.gauges().await
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

    fn triggers(&self) -> &[Trigger] {
        self.catalog().triggers()
    }

    fn product(&self, phase: Phase) -> Option<&EntityRef> {
        self.catalog().product(phase)
    }

    fn schema(&self, entity: &EntityRef) -> Option<&Value> {
        let schema = self.catalog().schema(&entity.domain, &entity.entity);
        schema.map(|schema| schema.document())
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
