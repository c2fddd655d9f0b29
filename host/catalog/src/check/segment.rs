//! Checks the records of one segment: schema, tenant, id, rules.

use super::super::Catalog;
use super::super::json::Json;
use super::super::reference::{EntityNumber, Extract};
use super::super::rules::{self, RuleState};
use super::super::schema::EntitySchema;
use super::ids::{Claimed, RecordIds};
use super::named;
use crate::{Rejection, TenantScope};
use levain_model::fault::{Fault, FaultList};

pub(super) struct SegmentCheck<'c> {
    catalog: &'c Catalog,
    schema: &'c EntitySchema,
    source: &'c str,
    tenant_id: String,
    ids: RecordIds<'c>,
    state: RuleState,
    /// The parts of the records that references need; complete only without faults.
    pub(super) extract: Extract,
    faults: &'c mut FaultList,
}

impl<'c> SegmentCheck<'c> {
    pub(super) fn new(
        catalog: &'c Catalog,
        scope: &TenantScope,
        (number, schema): (EntityNumber, &'c EntitySchema),
        source: &'c str,
        ids: RecordIds<'c>,
        faults: &'c mut FaultList,
    ) -> Self {
        Self {
            catalog,
            schema,
            source,
            tenant_id: scope.tenant_id.to_string(),
            ids,
            state: RuleState::default(),
            extract: Extract::new(number),
            faults,
        }
    }

    /// Checks one record; returns whether it matches its schema.
    pub(super) fn record(&mut self, index: usize, record: &Json<'_>) -> bool {
        let Some(fields) = record.as_object() else {
            let message = "a record is an object".to_owned();
            self.fault(index, "", "schema", message, record, Some(record));
            return false;
        };
        let valid = self.schema.validator.is_valid(record);
        if !valid && self.faults.is_full() {
            // Counted only: the first faults describe an output that is wrong in every record.
            self.faults.count();
        } else if !valid {
            let (misses, more) = self.schema.validator.misses(record, Rejection::KEPT);
            for miss in misses {
                let message = named(record, index, &miss.message);
                let fault = Fault::new(
                    self.source,
                    format!("/{index}{}", miss.pointer),
                    "schema",
                    message,
                );
                self.faults.push(fault.with_value(&miss.value));
            }
            (0..more).for_each(|_| self.faults.count());
        }
        // Tenant and id are checked even if the schema does not match: another tenant's id must
        // always be reported.
        let tenant = fields.get("tenant_id");
        if tenant.and_then(Json::as_text) != Some(self.tenant_id.as_str()) {
            let message = format!(
                "`tenant_id` must be that of the session's tenant, {}",
                self.tenant_id
            );
            self.fault(index, "/tenant_id", "tenant", message, record, tenant);
        }
        let claimed = self.claim(index, record);
        if let (Some(claimed), true) = (&claimed, self.faults.is_empty()) {
            // A domain with a fault is discarded, and its references are not checked.
            let Catalog {
                references,
                entities,
                ..
            } = self.catalog;
            self.extract.add(references, entities, claimed.id, record);
        }
        if !valid {
            return false;
        }
        let mut broken = Vec::new();
        rules::check(
            &self.schema.rules,
            fields,
            index,
            claimed.and_then(|claimed| claimed.base_id),
            &mut self.state,
            |fault| broken.push(fault),
        );
        for fault in broken {
            let pointer = format!("/{}", fault.field);
            let value = fields.get(fault.field);
            self.fault(index, &pointer, fault.rule, fault.message, record, value);
        }
        true
    }

    /// The record's id; what is wrong with it is a fault.
    fn claim(&mut self, index: usize, record: &Json<'_>) -> Option<Claimed<'c>> {
        match self.ids.claim(record)? {
            Ok(claimed) => Some(claimed),
            Err((rule, message)) => {
                let value = record.get("id");
                self.fault(index, "/id", rule, message, record, value);
                None
            }
        }
    }

    /// Adds a fault of one record.
    pub(super) fn fault(
        &mut self,
        index: usize,
        pointer: &str,
        rule: &str,
        message: String,
        record: &Json<'_>,
        value: Option<&Json<'_>>,
    ) {
        let message = named(record, index, &message);
        let fault = Fault::new(self.source, format!("/{index}{pointer}"), rule, message);
        self.faults.push(match value {
            Some(value) => fault.with_value(&value.to_value()),
            None => fault,
        });
    }
}
