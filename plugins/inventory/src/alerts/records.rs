//! Ingredients, products and lots as they are stored.

use std::borrow::Cow;

use levain_plugin::product::{Alert, Course, Params, Severity, Subject};
use levain_plugin::time::{Instant, Micros};
use levain_plugin::{Decimal, Uuid};
use serde::Deserialize;

/// An ingredient or a product.
#[derive(Debug, Deserialize)]
pub struct Item<'a> {
    pub id: Uuid,
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    #[serde(borrow)]
    pub sku: Cow<'a, str>,
    #[serde(borrow)]
    pub product_type: Cow<'a, str>,
    #[serde(borrow)]
    pub unit_of_measure: Cow<'a, str>,
    pub reorder_point: Decimal,
    pub reorder_quantity: Decimal,
    #[serde(default)]
    pub lead_time_days: Option<i64>,
    pub is_active: bool,
}

impl Item<'_> {
    /// Whether it is bought, not made.
    pub fn is_ingredient(&self) -> bool {
        self.product_type == "INGREDIENT"
    }

    /// Whether it is made for sale.
    pub fn is_product(&self) -> bool {
        self.product_type == "FINISHED_PRODUCT"
    }

    /// What all alerts about a shortage have alike.
    pub fn alert(&self, kind: &'static str, severity: Severity, now: Micros) -> Alert {
        Alert {
            kind,
            severity,
            title: String::new(),
            message: String::new(),
            key: "",
            params: Params::new(),
            subject: Subject {
                domain: "inventory",
                entity: "ingredient",
                id: self.id,
                name: self.name.clone().into_owned(),
            },
            actions: Vec::new(),
            // No record tells when the stock fell below the limit: it is seen now.
            course: Course::Open(now),
            place: None,
        }
    }
}

/// A lot.
#[derive(Debug, Deserialize)]
pub struct Lot<'a> {
    pub id: Uuid,
    pub ingredient_id: Uuid,
    #[serde(borrow)]
    pub lot_number: Cow<'a, str>,
    pub quantity: Decimal,
    pub unit_cost: Decimal,
    pub expiration_date: Instant,
    #[serde(borrow)]
    pub storage_location: Cow<'a, str>,
}

impl Lot<'_> {
    /// Whether it may still be used.
    pub const fn is_unexpired(&self, now: Micros) -> bool {
        self.expiration_date.0 > now
    }
}

/// An item and a lot for the tests of the rules.
#[cfg(test)]
pub mod examples {
    use super::*;

    pub fn item(product_type: &'static str, reorder_point: &str) -> Item<'static> {
        Item {
            id: Uuid::from_u128(1),
            name: "Brioche Premium".into(),
            sku: "BOL-BRIPRE".into(),
            product_type: product_type.into(),
            unit_of_measure: if product_type == "INGREDIENT" {
                "kg"
            } else {
                "units"
            }
            .into(),
            reorder_point: reorder_point.parse().unwrap(),
            reorder_quantity: Decimal::whole(20),
            lead_time_days: Some(2),
            is_active: true,
        }
    }

    pub fn lot(quantity: &str, expires: Micros) -> Lot<'static> {
        Lot {
            id: Uuid::from_u128(2),
            ingredient_id: Uuid::from_u128(1),
            lot_number: "NAT-251204".into(),
            quantity: quantity.parse().unwrap(),
            unit_cost: Decimal::whole(3),
            expiration_date: Instant(expires),
            storage_location: "Cámara 1".into(),
        }
    }
}
