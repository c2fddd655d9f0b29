//! An account, and beside its sessions the same domains of the same tenants as native code.

use std::sync::Arc;

use levain::sandbox::CallContext;
use levain_catalog::{Account, FixtureSlice, TenantScope};
use levain_plugin::{SessionContext, identity};
use uuid::Uuid;

use super::host::Host;
use super::natives::{self, Native};

/// One account.
pub struct Setting<'h> {
    pub host: &'h Host,
    pub account: String,
    /// Its own tenant, then its outlets.
    pub places: Vec<Place>,
}

/// One tenant of the account.
pub struct Place {
    pub natives: Vec<Native>,
    outlet: Option<String>,
    base_tenant_id: Uuid,
}

impl<'h> Setting<'h> {
    pub fn new(host: &'h Host, account: &Account) -> Self {
        let own = std::iter::once((None, account.base_tenant_id, &account.slices));
        let outlets = account.outlets.iter().map(|outlet| {
            (
                Some(outlet.slug.clone()),
                outlet.base_tenant_id,
                &outlet.slices,
            )
        });
        let places = own.chain(outlets).map(|(outlet, base_tenant_id, slices)| {
            let natives = natives::all()
                .into_iter()
                .filter_map(|(domain, prepare)| {
                    let fixture: Arc<FixtureSlice> = Arc::clone(slices.get(domain)?);
                    let slice = told(&fixture.segments);
                    Some(Native {
                        domain,
                        prepared: Arc::new(prepare(&slice)),
                        slice,
                        fixture,
                        prepare,
                    })
                })
                .collect();
            Place {
                natives,
                outlet,
                base_tenant_id,
            }
        });
        Self {
            host,
            account: account.slug.clone(),
            places: places.collect(),
        }
    }

    /// How many records the fixtures have.
    pub fn records(&self) -> usize {
        let natives = self.places.iter().flat_map(|place| &place.natives);
        natives.map(|native| native.fixture.records).sum()
    }

    /// New tenants each time, in the order of the places: ids are mapped anew, as for a visitor.
    pub fn scopes(&self) -> Vec<TenantScope> {
        let head = Uuid::new_v4();
        self.places
            .iter()
            .map(|place| TenantScope {
                account: self.account.clone(),
                tenant_id: match place.outlet {
                    None => head,
                    Some(_) => identity::derive(&head, &place.base_tenant_id),
                },
                base_tenant_id: place.base_tenant_id,
                outlet: place.outlet.clone(),
                parent_tenant_id: place.outlet.as_ref().map(|_| head),
                session_created_at: self.host.instant,
            })
            .collect()
    }

    /// A tenant, as a plugin is told of it natively.
    pub fn context(&self, scope: &TenantScope) -> SessionContext {
        SessionContext {
            session_id: "demo_bench".into(),
            account_type: scope.account.clone(),
            base_tenant_id: scope.base_tenant_id,
            tenant_id: scope.tenant_id,
            parent_tenant_id: scope.parent_tenant_id,
            outlet: scope.outlet.clone(),
            session_created_at: scope.session_created_at.timestamp_micros(),
            base_reference: self.host.catalog.base_reference().timestamp_micros(),
        }
    }

    /// A tenant, as the sandbox is told of it.
    pub fn call_context(&self, scope: &TenantScope, domain: &str) -> CallContext {
        CallContext {
            domain: domain.into(),
            purpose: levain::sandbox::Purpose::Session,
            session_id: "demo_bench".into(),
            account: scope.account.clone(),
            base_tenant_id: scope.base_tenant_id,
            tenant_id: scope.tenant_id,
            parent_tenant_id: scope.parent_tenant_id,
            outlet: scope.outlet.clone(),
            session_created_at: scope.session_created_at,
            base_reference: self.host.catalog.base_reference(),
        }
    }
}

fn told(segments: &[levain_model::Segment]) -> Vec<levain_plugin::Segment> {
    segments
        .iter()
        .map(|segment| levain_plugin::Segment {
            entity: segment.entity.clone(),
            rows: segment.rows.clone(),
        })
        .collect()
}
