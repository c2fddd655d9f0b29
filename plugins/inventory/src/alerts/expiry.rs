//! When a lot is about to expire.

use levain_plugin::product::{Action, Alert, Course, Params, Severity, Subject};
use levain_plugin::time::{HOUR, Micros};
use levain_plugin::{Decimal, spanish};

use super::records::{Item, Lot};

/// How long before it expires a lot should be used.
const WARNING: Micros = 72 * HOUR;

/// A lot of an ingredient that still holds something and expires within three days. Products are baked to
/// last no longer, so theirs say nothing.
pub fn expiring(item: &Item<'_>, lot: &Lot<'_>, now: Micros) -> Option<Alert> {
    let expires = lot.expiration_date;
    let left = expires.0 - now;
    if !item.is_ingredient() || lot.quantity <= Decimal::ZERO || !(1..=WARNING).contains(&left) {
        return None;
    }
    let unit = item.unit_of_measure.as_ref();
    let value = lot.quantity.times(lot.unit_cost).rounded(2);
    Some(Alert {
        kind: "expiring_stock",
        severity: Severity::Orange,
        title: "Caducidad próxima".to_owned(),
        message: format!(
            "{}: el lote {} ({}, {}) caduca el {}, dentro de {}. Valor: {}.",
            item.name,
            lot.lot_number,
            spanish::quantity(lot.quantity, unit),
            spanish::inside(&lot.storage_location),
            spanish::date_time(expires.0),
            spanish::duration(left),
            spanish::euros(value),
        ),
        key: "alerts.expiring_stock.open",
        params: Params::new()
            .with("name", item.name.as_ref())
            .with("lot_number", lot.lot_number.as_ref())
            .with("quantity", lot.quantity)
            .with("unit", unit)
            .with("storage_location", lot.storage_location.as_ref())
            .with("expires_at", expires)
            .with("value_eur", value),
        subject: Subject {
            domain: "inventory",
            entity: "stock",
            id: lot.id,
            name: format!("{}, lote {}", item.name, lot.lot_number),
        },
        actions: vec![
            Action::new(
                "alerts.expiring_stock.use_first",
                "Usar este lote antes que los demás",
            ),
            Action::new(
                "alerts.expiring_stock.plan_batch",
                "Adelantar un lote de producción que lo consuma",
            ),
            Action::new(
                "alerts.expiring_stock.donate",
                "Donar o dar salida a lo que no se vaya a usar",
            ),
        ],
        course: Course::Open(expires.0 - WARNING),
        place: None,
    })
}

#[cfg(test)]
mod tests {
    use levain_plugin::time::parse;

    use super::super::records::examples::{item, lot};
    use super::*;

    #[test]
    fn three_days_before_it_expires() {
        let now = parse("2026-03-02T10:00:00Z").unwrap();
        let cream = item("INGREDIENT", "10");
        let found = |quantity, expires| expiring(&cream, &lot(quantity, expires), now);
        assert_eq!(found("4", now), None, "expired");
        assert!(found("4", now + 1).is_some());
        assert!(found("4", now + WARNING).is_some());
        assert_eq!(found("4", now + WARNING + 1), None);
        assert_eq!(found("0", now + HOUR), None);
        assert!(found("0.001", now + HOUR).is_some());
        let product = item("FINISHED_PRODUCT", "10");
        assert_eq!(expiring(&product, &lot("4", now + HOUR), now), None);

        let alert = found("4.5", now + 48 * HOUR).unwrap();
        assert_eq!(alert.course, Course::Open(now - 24 * HOUR));
        assert_eq!(
            (alert.title.as_str(), alert.severity),
            ("Caducidad próxima", Severity::Orange)
        );
        assert_eq!(
            alert.message,
            "Brioche Premium: el lote NAT-251204 (4,5 kg, cámara 1) caduca el 04/03/2026 10:00, dentro de 2 d. \
             Valor: 13,50 €."
        );
    }
}
