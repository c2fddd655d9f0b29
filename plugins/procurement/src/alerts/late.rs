//! When a delivery is late, and when one was.

use std::borrow::Cow;

use levain_plugin::product::{Action, Alert, Course, Params, Severity, Subject};
use levain_plugin::time::{DAY, HOUR, Instant, MINUTE, Micros};
use levain_plugin::{Decimal, Uuid, spanish};
use serde::Deserialize;

/// How late a delivery must have been to be remembered.
const TOLERANCE: Micros = 2 * HOUR;
/// How far back late deliveries are remembered.
const HISTORY: Micros = 30 * DAY;
/// How long it takes until somebody looks after a supplier who does not come.
const REACTION: Micros = 30 * MINUTE;

/// A purchase order as it is stored.
#[derive(Debug, Deserialize)]
pub struct Order<'a> {
    pub id: Uuid,
    #[serde(borrow)]
    po_number: Cow<'a, str>,
    #[serde(borrow)]
    supplier_name: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    expected_delivery_date: Option<Instant>,
    total_amount: Decimal,
}

/// A delivery as it is stored.
#[derive(Debug, Deserialize)]
pub struct Delivery<'a> {
    pub id: Uuid,
    pub purchase_order_id: Uuid,
    #[serde(borrow)]
    status: Cow<'a, str>,
    expected_date: Instant,
    #[serde(default)]
    pub actual_date: Option<Instant>,
    #[serde(borrow)]
    carrier_name: Cow<'a, str>,
}

/// An order that was sent and should have been delivered before now. `delivery` is the announced one.
pub fn is_late(order: &Order<'_>, delivery: Option<&Delivery<'_>>, now: Micros) -> Option<Alert> {
    let expected = order.expected_delivery_date?;
    if order.status != "SENT" || expected.0 >= now {
        return None;
    }
    let delay = now - expected.0;
    let carrier = delivery.map(|delivery| delivery.carrier_name.as_ref());
    let by = carrier.map_or_else(String::new, |carrier| format!(" Transporte: {carrier}."));
    Some(Alert {
        message: format!(
            "El pedido {} de {} debía llegar el {} y lleva {} de retraso. Importe pendiente de recibir: {}.{by}",
            order.po_number,
            order.supplier_name,
            spanish::date_time(expected.0),
            spanish::duration(delay),
            spanish::euros(order.total_amount),
        ),
        key: "alerts.late_delivery.open",
        params: order
            .params(expected, delay)
            .with("carrier", carrier)
            .with("total_amount", order.total_amount),
        actions: vec![
            Action::new(
                "alerts.late_delivery.call_supplier",
                "Llamar al proveedor y confirmar la nueva hora de llegada",
            ),
            Action::new(
                "alerts.late_delivery.check_stock",
                "Comprobar si el stock alcanza para la producción de hoy",
            ),
            Action::new(
                "alerts.late_delivery.order_elsewhere",
                "Pedir lo más urgente a otro proveedor",
            ),
        ],
        ..order.alert(Course::Open(expected.0))
    })
}

/// A delivery that came more than the tolerance after it was expected, in the days that are remembered.
pub fn came_late(order: &Order<'_>, delivery: &Delivery<'_>, now: Micros) -> Option<Alert> {
    let (expected, actual) = (delivery.expected_date, delivery.actual_date?);
    let delay = actual.0 - expected.0;
    if delivery.status != "DELIVERED"
        || delay <= TOLERANCE
        || !(now - HISTORY..now).contains(&expected.0)
        || actual.0 > now
    {
        return None;
    }
    Some(Alert {
        message: format!(
            "El pedido {} de {} se esperaba el {} y llegó el {}, con {} de retraso.",
            order.po_number,
            order.supplier_name,
            spanish::date_time(expected.0),
            spanish::date_time(actual.0),
            spanish::duration(delay),
        ),
        key: "alerts.late_delivery.resolved",
        params: order.params(expected, delay).with("delivered_at", actual),
        actions: vec![Action::new(
            "alerts.late_delivery.review_supplier",
            "Tenerlo en cuenta en la próxima revisión del proveedor",
        )],
        ..order.alert(Course::resolved(expected.0, REACTION, actual.0))
    })
}

impl Order<'_> {
    fn params(&self, expected: Instant, delay: Micros) -> Params {
        Params::new()
            .with("po_number", self.po_number.as_ref())
            .with("supplier", self.supplier_name.as_ref())
            .with("expected_at", expected)
            .with("delay_minutes", delay / MINUTE)
    }

    /// What all alerts about an order have alike.
    fn alert(&self, course: Course) -> Alert {
        Alert {
            kind: "late_delivery",
            severity: Severity::Red,
            title: "Retraso de proveedor".to_owned(),
            message: String::new(),
            key: "",
            params: Params::new(),
            subject: Subject {
                domain: "procurement",
                entity: "purchase_order",
                id: self.id,
                name: self.po_number.clone().into_owned(),
            },
            actions: Vec::new(),
            course,
            place: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use levain_plugin::time::{SECOND, parse};

    use super::*;

    fn now() -> Micros {
        parse("2026-03-02T10:00:00Z").unwrap()
    }

    fn order(status: &'static str, expected: Option<Micros>) -> Order<'static> {
        Order {
            id: Uuid::from_u128(1),
            po_number: "PO-20260227-AB12CD".into(),
            supplier_name: "Levaduras Spain".into(),
            status: status.into(),
            expected_delivery_date: expected.map(Instant),
            total_amount: Decimal::new(123_450, 2),
        }
    }

    fn delivery(
        status: &'static str,
        expected: Micros,
        actual: Option<Micros>,
    ) -> Delivery<'static> {
        Delivery {
            id: Uuid::from_u128(2),
            purchase_order_id: Uuid::from_u128(1),
            status: status.into(),
            expected_date: Instant(expected),
            actual_date: actual.map(Instant),
            carrier_name: "Transportes Norte".into(),
        }
    }

    #[test]
    fn an_order_is_late_once_its_hour_has_passed() {
        let sent = |expected| is_late(&order("SENT", Some(expected)), None, now());
        assert_eq!(sent(now()), None);
        assert!(sent(now() - 1).is_some());
        for status in [
            "DRAFT",
            "PENDING_APPROVAL",
            "APPROVED",
            "RECEIVED",
            "CANCELLED",
        ] {
            let order = order(status, Some(now() - DAY));
            assert_eq!(is_late(&order, None, now()), None, "{status}");
        }
        assert_eq!(is_late(&order("SENT", None), None, now()), None);
    }

    #[test]
    fn its_text() {
        let announced = delivery("LATE", now(), None);
        let alert = is_late(
            &order("SENT", Some(now() - 4 * HOUR)),
            Some(&announced),
            now(),
        )
        .unwrap();
        assert_eq!(
            (alert.title.as_str(), alert.severity),
            ("Retraso de proveedor", Severity::Red)
        );
        assert_eq!(
            alert.message,
            "El pedido PO-20260227-AB12CD de Levaduras Spain debía llegar el 02/03/2026 06:00 y lleva 4 h de \
             retraso. Importe pendiente de recibir: 1.234,50 €. Transporte: Transportes Norte."
        );
        assert_eq!(alert.course, Course::Open(now() - 4 * HOUR));
    }

    #[test]
    fn a_delivery_came_late_after_more_than_two_hours() {
        let order = order("RECEIVED", None);
        let came = |expected: Micros, late: Micros| {
            came_late(
                &order,
                &delivery("DELIVERED", expected, Some(expected + late)),
                now(),
            )
        };
        let yesterday = now() - DAY;
        assert_eq!(came(yesterday, 2 * HOUR), None);
        let alert = came(yesterday, 2 * HOUR + SECOND).unwrap();
        let resolved = yesterday + 2 * HOUR + SECOND;
        assert_eq!(
            alert.course,
            Course::Resolved {
                since: yesterday,
                acknowledged: yesterday + REACTION,
                resolved
            }
        );
        assert!(came(now() - HISTORY, DAY).is_some());
        assert_eq!(came(now() - HISTORY - 1, DAY), None);
        assert_eq!(
            came(now() - 3 * HOUR, 4 * HOUR),
            None,
            "it has not come yet"
        );
        let open = delivery("IN_TRANSIT", yesterday, Some(now()));
        assert_eq!(came_late(&order, &open, now()), None);
    }
}
