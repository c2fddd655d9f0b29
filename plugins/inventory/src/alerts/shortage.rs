//! When an ingredient runs out and nobody has ordered it.

use levain_plugin::product::{Action, Alert, Params, Severity};
use levain_plugin::time::Micros;
use levain_plugin::{Decimal, spanish};

use super::records::Item;

/// An ingredient that is still bought, of which less is left than its reorder point. Whether an open order
/// brings it is for the caller to know.
pub fn low_stock(item: &Item<'_>, left: Decimal, now: Micros) -> Option<Alert> {
    if !item.is_ingredient() || !item.is_active || left >= item.reorder_point {
        return None;
    }
    let unit = item.unit_of_measure.as_ref();
    let lead_time = item.lead_time_days.map_or_else(String::new, |days| {
        format!(
            " El proveedor tarda {} en servirlo.",
            spanish::count(usize::try_from(days).unwrap_or_default(), "día", "días")
        )
    });
    Some(Alert {
        title: "Bajo stock — acción requerida".to_owned(),
        message: format!(
            "{}: quedan {} y el punto de pedido es de {}. No hay ningún pedido abierto.{lead_time}",
            item.name,
            spanish::quantity(left, unit),
            spanish::quantity(item.reorder_point, unit),
        ),
        key: "alerts.low_stock.open",
        params: Params::new()
            .with("name", item.name.as_ref())
            .with("sku", item.sku.as_ref())
            .with("quantity", left)
            .with("reorder_point", item.reorder_point)
            .with("reorder_quantity", item.reorder_quantity)
            .with("unit", unit)
            .with("lead_time_days", item.lead_time_days),
        actions: vec![
            Action {
                key: "alerts.low_stock.order",
                label: format!(
                    "Crear un pedido de compra urgente ({})",
                    spanish::quantity(item.reorder_quantity, unit)
                )
                .into(),
            },
            Action::new(
                "alerts.low_stock.check_batches",
                "Revisar qué lotes planificados lo necesitan",
            ),
        ],
        ..item.alert("low_stock", Severity::Red, now)
    })
}

#[cfg(test)]
mod tests {
    use levain_plugin::product::Course;

    use super::super::records::examples::item;
    use super::*;

    #[test]
    fn less_than_the_reorder_point_is_low() {
        let yeast = item("INGREDIENT", "10");
        let low = |left: &str| low_stock(&yeast, left.parse().unwrap(), 5);
        assert_eq!(low("10"), None);
        let alert = low("9.999").unwrap();
        assert_eq!(
            (alert.severity, alert.course),
            (Severity::Red, Course::Open(5))
        );
        assert_eq!(alert.title, "Bajo stock — acción requerida");
        assert_eq!(
            alert.message,
            "Brioche Premium: quedan 9,999 kg y el punto de pedido es de 10 kg. No hay ningún pedido abierto. El \
             proveedor tarda 2 días en servirlo."
        );
        assert_eq!(
            alert.actions[0].label,
            "Crear un pedido de compra urgente (20 kg)"
        );
    }

    #[test]
    fn only_what_is_bought_is_low() {
        assert_eq!(
            low_stock(&item("FINISHED_PRODUCT", "10"), Decimal::ZERO, 0),
            None
        );
        assert_eq!(low_stock(&item("INGREDIENT", "0"), Decimal::ZERO, 0), None);
        let retired = Item {
            is_active: false,
            ..item("INGREDIENT", "10")
        };
        assert_eq!(low_stock(&retired, Decimal::ZERO, 0), None);
    }
}
