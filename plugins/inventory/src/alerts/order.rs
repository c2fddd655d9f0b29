//! Purchase orders as they are stored: what is on its way.

use std::borrow::Cow;
use std::collections::BTreeSet;

use levain_plugin::Uuid;
use levain_plugin::time::Instant;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A purchase order.
#[derive(Debug, Deserialize)]
pub struct Order<'a> {
    pub id: Uuid,
    #[serde(borrow)]
    pub po_number: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    approval_source: Option<Cow<'a, str>>,
    #[serde(default)]
    pub expected_delivery_date: Option<Instant>,
    #[serde(default)]
    reasoning_data: Option<As<Reasoning>>,
}

/// One ingredient of a purchase order.
#[derive(Debug, Deserialize)]
pub struct OrderLine {
    purchase_order_id: Uuid,
    ingredient_id: Uuid,
}

/// What the planner writes is its own affair: another form than the expected one says nothing here.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum As<T> {
    Expected(T),
    Other(IgnoredAny),
}

#[derive(Debug, Deserialize)]
struct Reasoning {
    parameters: As<Parameters>,
}

#[derive(Debug, Deserialize)]
struct Parameters {
    product_sku: String,
}

impl Order<'_> {
    /// Whether it is still to come.
    pub fn is_open(&self) -> bool {
        matches!(
            self.status.as_ref(),
            "PENDING_APPROVAL" | "APPROVED" | "SENT"
        )
    }

    /// Whether the planner made and approved it so that a product can be made.
    pub fn is_ai_made_for(&self, sku: &str) -> bool {
        self.approval_source.as_deref() == Some("AI")
            && matches!(&self.reasoning_data, Some(As::Expected(Reasoning {
                parameters: As::Expected(Parameters { product_sku }),
            })) if product_sku == sku)
    }
}

/// The ingredients that some open order brings.
pub fn ordered(orders: &[Order<'_>], lines: &[OrderLine]) -> BTreeSet<Uuid> {
    let open: BTreeSet<Uuid> = orders
        .iter()
        .filter(|order| order.is_open())
        .map(|order| order.id)
        .collect();
    lines
        .iter()
        .filter(|line| open.contains(&line.purchase_order_id))
        .map(|line| line.ingredient_id)
        .collect()
}

/// An order for the tests of the rules.
#[cfg(test)]
pub fn example(
    status: &'static str,
    source: Option<&'static str>,
    sku: Option<&str>,
) -> Order<'static> {
    Order {
        id: Uuid::from_u128(7),
        po_number: "PO-20260302-AB12CD".into(),
        status: status.into(),
        approval_source: source.map(Cow::Borrowed),
        expected_delivery_date: Some(Instant(1_772_542_800_000_000)),
        reasoning_data: sku.map(|sku| {
            As::Expected(Reasoning {
                parameters: As::Expected(Parameters {
                    product_sku: sku.to_owned(),
                }),
            })
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_order_brings_what_its_lines_say() {
        let line = |order, ingredient| OrderLine {
            purchase_order_id: Uuid::from_u128(order),
            ingredient_id: Uuid::from_u128(ingredient),
        };
        let lines = [line(7, 1), line(8, 2), line(7, 3)];
        for (status, open) in [
            ("PENDING_APPROVAL", true),
            ("APPROVED", true),
            ("SENT", true),
            ("DRAFT", false),
            ("RECEIVED", false),
            ("CANCELLED", false),
        ] {
            let ordered = ordered(&[example(status, None, None)], &lines);
            let expected: &[u128] = if open { &[1, 3] } else { &[] };
            assert_eq!(
                ordered,
                expected.iter().copied().map(Uuid::from_u128).collect(),
                "{status}"
            );
        }
    }

    #[test]
    fn reasons_in_another_form_are_read_as_none() {
        let order = |reasons: &str| -> Order<'static> {
            let text = format!(
                r#"{{"id":"00000000-0000-0000-0000-000000000007","po_number":"PO","status":"SENT",
                "approval_source":"AI","reasoning_data":{reasons}}}"#
            );
            serde_json::from_str(Box::leak(text.into_boxed_str())).unwrap()
        };
        for reasons in [
            "null",
            "{}",
            "[1]",
            r#"{"parameters": {}}"#,
            r#"{"parameters": {"product_sku": 5}}"#,
            r#"{"parameters": {"product_sku": "PAN-BAG"}}"#,
        ] {
            assert!(!order(reasons).is_ai_made_for("BOL-BRIPRE"), "{reasons}");
        }
        let named = r#"{"why": 1, "parameters": {"product_sku": "BOL-BRIPRE", "more": []}}"#;
        assert!(order(named).is_ai_made_for("BOL-BRIPRE"));
    }
}
