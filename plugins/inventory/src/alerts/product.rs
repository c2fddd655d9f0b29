//! When a product runs out at an outlet.
//!
//! The skip for what is ordered is for ingredients: a product that runs out always alerts, and names the
//! order that the planner made at the workshop to bake it (domain specification, section 8, ruling 10).

use levain_plugin::product::{Action, Alert, Params, Severity};
use levain_plugin::time::Micros;
use levain_plugin::{Decimal, spanish};

use super::order::Order;
use super::records::Item;

/// A product that is still sold, of which less is left at an outlet than its reorder point.
pub fn shortage(
    item: &Item<'_>,
    left: Decimal,
    workshops: &[Order<'_>],
    now: Micros,
) -> Option<Alert> {
    if !item.is_product()
        || !item.is_active
        || item.reorder_point <= Decimal::ZERO
        || left >= item.reorder_point
    {
        return None;
    }
    let unit = item.unit_of_measure.as_ref();
    // Where there are several, the one that comes first.
    let order = workshops
        .iter()
        .filter(|order| order.is_open() && order.is_ai_made_for(&item.sku))
        .min_by_key(|order| {
            (
                order.expected_delivery_date.is_none(),
                order.expected_delivery_date,
                order.id,
            )
        });
    let mut title = format!("Stock bajo de {}", spanish::common(&item.name));
    let mut message = format!(
        "Quedan {} de {} en la tienda y el mínimo es de {}.",
        spanish::quantity(left, unit),
        spanish::common(&item.name),
        spanish::quantity(item.reorder_point, unit),
    );
    let mut key = "alerts.product_shortage.open";
    if let Some(order) = order {
        title.push_str(" — OC creada por IA");
        let expected = order
            .expected_delivery_date
            .map_or_else(String::new, |date| {
                format!(", con entrega prevista el {}", spanish::date_time(date.0))
            });
        message.push_str(&format!(
            " La IA ha creado en el obrador la orden de compra {} para sus ingredientes{expected}.",
            order.po_number
        ));
        key = "alerts.product_shortage.ordered_by_ai";
    }
    Some(Alert {
        title,
        message,
        key,
        params: Params::new()
            .with("name", item.name.as_ref())
            .with("sku", item.sku.as_ref())
            .with("quantity", left)
            .with("reorder_point", item.reorder_point)
            .with("unit", unit)
            .with("po_number", order.map(|order| order.po_number.as_ref()))
            .with(
                "expected_delivery",
                order.and_then(|order| order.expected_delivery_date),
            ),
        actions: vec![
            Action::new(
                "alerts.product_shortage.request_transfer",
                "Pedir al obrador un envío en la próxima ruta",
            ),
            Action::new(
                "alerts.product_shortage.offer_alternative",
                "Ofrecer en tienda un producto similar mientras tanto",
            ),
        ],
        ..item.alert("product_shortage", Severity::Red, now)
    })
}

#[cfg(test)]
mod tests {
    use super::super::order::example;
    use super::super::records::examples::item;
    use super::*;

    const SKU: &str = "BOL-BRIPRE";

    fn found(left: &str, orders: &[Order<'_>]) -> Option<Alert> {
        shortage(
            &item("FINISHED_PRODUCT", "24"),
            left.parse().unwrap(),
            orders,
            0,
        )
    }

    #[test]
    fn less_than_the_reorder_point_is_short() {
        assert_eq!(found("24", &[]), None);
        let alert = found("23", &[]).unwrap();
        assert_eq!(alert.title, "Stock bajo de brioche premium");
        assert_eq!(
            alert.message,
            "Quedan 23 unidades de brioche premium en la tienda y el mínimo es de 24 unidades."
        );
        assert_eq!(
            shortage(&item("FINISHED_PRODUCT", "0"), Decimal::ZERO, &[], 0),
            None
        );
        assert_eq!(
            shortage(&item("INGREDIENT", "24"), Decimal::ZERO, &[], 0),
            None
        );
        let retired = Item {
            is_active: false,
            ..item("FINISHED_PRODUCT", "24")
        };
        assert_eq!(shortage(&retired, Decimal::ZERO, &[], 0), None);
    }

    #[test]
    fn it_names_the_order_that_the_planner_made() {
        let alert = found("3", &[example("SENT", Some("AI"), Some(SKU))]).unwrap();
        assert_eq!(
            alert.title,
            "Stock bajo de brioche premium — OC creada por IA"
        );
        assert!(alert.message.ends_with(
            " La IA ha creado en el obrador la orden de compra PO-20260302-AB12CD para sus ingredientes, con \
             entrega prevista el 03/03/2026 13:00."
        ), "{}", alert.message);
        for other in [
            example("SENT", Some("HUMAN"), Some(SKU)),
            example("SENT", None, Some(SKU)),
            example("RECEIVED", Some("AI"), Some(SKU)),
            example("SENT", Some("AI"), Some("PAN-BAG")),
            example("SENT", Some("AI"), None),
        ] {
            let alert = found("3", &[other]).unwrap();
            assert_eq!(alert.key, "alerts.product_shortage.open");
        }
    }
}
