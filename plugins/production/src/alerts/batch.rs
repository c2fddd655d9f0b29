//! When a batch is late, and when its quality holds it back.

use std::borrow::Cow;

use levain_plugin::product::{Action, Alert, Course, Params, Severity, Subject};
use levain_plugin::time::{DAY, Instant, MINUTE, Micros};
use levain_plugin::{Decimal, Uuid, spanish};
use serde::Deserialize;

/// How late a batch must have started to be remembered: the night's usual delays are shorter.
const TOLERANCE: Micros = 20 * MINUTE;
/// How far back late and discarded batches are remembered.
const HISTORY: Micros = 14 * DAY;
/// How long it takes until somebody asks why a batch does not start.
const REACTION: Micros = 10 * MINUTE;

/// A batch as it is stored.
#[derive(Debug, Deserialize)]
pub struct Batch<'a> {
    id: Uuid,
    #[serde(borrow)]
    batch_number: Cow<'a, str>,
    #[serde(borrow)]
    product_name: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    planned_start_time: Instant,
    planned_quantity: Decimal,
    #[serde(default)]
    actual_start_time: Option<Instant>,
    #[serde(default)]
    actual_end_time: Option<Instant>,
    #[serde(default)]
    actual_quantity: Option<Decimal>,
    #[serde(default)]
    waste_quantity: Option<Decimal>,
    updated_at: Instant,
}

/// A quality check as it is stored.
#[derive(Debug, Deserialize)]
pub struct Check<'a> {
    batch_id: Uuid,
    #[serde(borrow)]
    status: Cow<'a, str>,
    check_time: Instant,
    sample_size: i64,
    defect_count: i64,
    #[serde(borrow)]
    defects: Vec<Cow<'a, str>>,
}

/// A batch that should have started, or one that started later than the tolerance allows in the days that
/// are remembered.
pub fn late(batch: &Batch<'_>, now: Micros) -> Option<Alert> {
    let planned = batch.planned_start_time;
    if batch.status == "PENDING" {
        return (planned.0 < now).then(|| batch.has_not_started(now));
    }
    let started = batch.actual_start_time?;
    let delay = started.0 - planned.0;
    if delay <= TOLERANCE || !(now - HISTORY..now).contains(&planned.0) || started.0 > now {
        return None;
    }
    Some(Alert {
        message: format!(
            "El lote {} de {} ({}) debía empezar el {} y empezó con {} de retraso.",
            batch.batch_number,
            batch.product_name,
            spanish::quantity(batch.planned_quantity, "units"),
            spanish::date_time(planned.0),
            spanish::duration(delay),
        ),
        key: "alerts.late_batch.resolved",
        params: batch.delay(delay).with("started_at", started),
        actions: vec![Action::new(
            "alerts.late_batch.review_plan",
            "Revisar los tiempos del turno si se repite",
        )],
        ..batch.alert(
            "late_batch",
            Severity::Yellow,
            "Producción retrasada",
            Course::resolved(planned.0, REACTION, started.0),
        )
    })
}

/// A batch on hold, or one that was discarded in the days that are remembered.
pub fn blocked(batch: &Batch<'_>, checks: &[Check<'_>], now: Micros) -> Option<Alert> {
    let check = checks
        .iter()
        .filter(|check| check.batch_id == batch.id && check.status == "FAILED")
        .max_by_key(|check| check.check_time);
    let found = check.map_or_else(String::new, Check::finding);
    let checked = check.map(|check| check.check_time.0);
    let title = "Lote retenido por calidad";
    let (key, message, params, action, course) = match batch.status.as_ref() {
        "ON_HOLD" => {
            let quantity = batch.actual_quantity.unwrap_or(batch.planned_quantity);
            (
                "alerts.blocked_batch.open",
                format!(
                    "El lote {} de {} ({}) está retenido y no puede salir a la venta.{found}",
                    batch.batch_number,
                    batch.product_name,
                    spanish::quantity(quantity, "units"),
                ),
                batch.params().with("quantity", quantity),
                vec![
                    Action::new(
                        "alerts.blocked_batch.decide",
                        "Revisar el lote con calidad y decidir: liberar, reprocesar o descartar",
                    ),
                    Action::new(
                        "alerts.blocked_batch.replace",
                        "Programar un lote de sustitución para los pedidos de hoy",
                    ),
                ],
                Course::Open(checked.unwrap_or(batch.updated_at.0).min(now)),
            )
        }
        "FAILED" => {
            let updated = batch.updated_at.0.min(now);
            let ended = batch.actual_end_time.map_or(updated, |ended| ended.0);
            if !(now - HISTORY..now).contains(&ended) {
                return None;
            }
            let waste = batch.waste_quantity.unwrap_or(batch.planned_quantity);
            (
                "alerts.blocked_batch.resolved",
                format!(
                    "El lote {} de {} se descartó: {} de merma.{found}",
                    batch.batch_number,
                    batch.product_name,
                    spanish::quantity(waste, "units"),
                ),
                batch.params().with("waste_quantity", waste),
                vec![Action::new(
                    "alerts.blocked_batch.find_cause",
                    "Anotar la causa y comprobar el siguiente lote del mismo producto",
                )],
                Course::resolved(checked.unwrap_or(ended).min(ended), REACTION, updated),
            )
        }
        _ => return None,
    };
    Some(Alert {
        key,
        message,
        params: params
            .with("defect_count", check.map(|check| check.defect_count))
            .with("sample_size", check.map(|check| check.sample_size)),
        actions: action,
        ..batch.alert("blocked_batch", Severity::Orange, title, course)
    })
}

impl Batch<'_> {
    fn has_not_started(&self, now: Micros) -> Alert {
        let planned = self.planned_start_time;
        let delay = now - planned.0;
        Alert {
            message: format!(
                "El lote {} de {} ({}) debía empezar el {}, sigue pendiente y lleva {} de retraso.",
                self.batch_number,
                self.product_name,
                spanish::quantity(self.planned_quantity, "units"),
                spanish::date_time(planned.0),
                spanish::duration(delay),
            ),
            key: "alerts.late_batch.open",
            params: self.delay(delay),
            actions: vec![
                Action::new(
                    "alerts.late_batch.start",
                    "Empezar el lote o asignar a otra persona",
                ),
                Action::new(
                    "alerts.late_batch.reschedule",
                    "Reprogramar los lotes siguientes del mismo horno",
                ),
                Action::new(
                    "alerts.late_batch.inform_shop",
                    "Avisar a la tienda de la nueva hora de salida",
                ),
            ],
            ..self.alert(
                "late_batch",
                Severity::Yellow,
                "Producción retrasada",
                Course::Open(planned.0),
            )
        }
    }

    fn params(&self) -> Params {
        Params::new()
            .with("batch_number", self.batch_number.as_ref())
            .with("product", self.product_name.as_ref())
    }

    fn delay(&self, delay: Micros) -> Params {
        self.params()
            .with("planned_quantity", self.planned_quantity)
            .with("planned_start", self.planned_start_time)
            .with("delay_minutes", delay / MINUTE)
    }

    /// What all alerts about a batch have alike.
    fn alert(&self, kind: &'static str, severity: Severity, title: &str, course: Course) -> Alert {
        Alert {
            kind,
            severity,
            title: title.to_owned(),
            message: String::new(),
            key: "",
            params: Params::new(),
            subject: Subject {
                domain: "production",
                entity: "batch",
                id: self.id,
                name: self.batch_number.clone().into_owned(),
            },
            actions: Vec::new(),
            course,
            place: None,
        }
    }
}

impl Check<'_> {
    /// What it found, as a sentence behind another.
    fn finding(&self) -> String {
        let kinds: Vec<&str> = self.defects.iter().map(|defect| named(defect)).collect();
        let kinds = if kinds.is_empty() {
            String::new()
        } else {
            format!(" ({})", kinds.join(", "))
        };
        format!(
            " El control encontró defectos en {} de {} piezas{kinds}.",
            self.defect_count, self.sample_size
        )
    }
}

/// A kind of defect, in Spanish.
fn named(defect: &str) -> &str {
    match defect {
        "UNDERBAKED" => "falta de cocción",
        "OVERBAKED" => "exceso de cocción",
        "IRREGULAR_SHAPE" => "forma irregular",
        "LOW_WEIGHT" => "peso bajo",
        "HIGH_WEIGHT" => "peso alto",
        "POOR_LAMINATION" => "mal laminado",
        "DENSE_CRUMB" => "miga densa",
        "CRACKED_CRUST" => "corteza agrietada",
        "WRONG_TEMPERATURE" => "temperatura incorrecta",
        "DAMAGED_PACKAGING" => "envase dañado",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use levain_plugin::time::{HOUR, SECOND, parse};

    use super::*;

    fn now() -> Micros {
        parse("2026-03-02T10:00:00Z").unwrap()
    }

    fn batch(status: &'static str, planned: Micros, started: Option<Micros>) -> Batch<'static> {
        Batch {
            id: Uuid::from_u128(1),
            batch_number: "BATCH-20260302-AB12CD".into(),
            product_name: "Baguette Tradicional".into(),
            status: status.into(),
            planned_start_time: Instant(planned),
            planned_quantity: Decimal::whole(150),
            actual_start_time: started.map(Instant),
            actual_end_time: None,
            actual_quantity: Some(Decimal::whole(88)),
            waste_quantity: None,
            updated_at: Instant(now() - HOUR),
        }
    }

    fn check(status: &'static str, time: Micros) -> Check<'static> {
        Check {
            batch_id: Uuid::from_u128(1),
            status: status.into(),
            check_time: Instant(time),
            sample_size: 10,
            defect_count: 6,
            defects: vec!["POOR_LAMINATION".into(), "UNDERBAKED".into()],
        }
    }

    #[test]
    fn a_pending_batch_is_late_once_its_start_has_passed() {
        assert_eq!(late(&batch("PENDING", now(), None), now()), None);
        let alert = late(&batch("PENDING", now() - 2 * HOUR, None), now()).unwrap();
        assert!(late(&batch("PENDING", now() - 1, None), now()).is_some());
        assert_eq!(alert.course, Course::Open(now() - 2 * HOUR));
        assert_eq!(
            (alert.title.as_str(), alert.severity),
            ("Producción retrasada", Severity::Yellow)
        );
        assert_eq!(
            alert.message,
            "El lote BATCH-20260302-AB12CD de Baguette Tradicional (150 unidades) debía empezar el 02/03/2026 \
             08:00, sigue pendiente y lleva 2 h de retraso."
        );
        for status in ["CANCELLED", "IN_PROGRESS"] {
            assert_eq!(late(&batch(status, now() - 2 * HOUR, None), now()), None);
        }
    }

    #[test]
    fn a_batch_started_late_after_more_than_twenty_minutes() {
        let started = |planned: Micros, after: Micros| {
            late(&batch("COMPLETED", planned, Some(planned + after)), now())
        };
        let yesterday = now() - DAY;
        assert_eq!(started(yesterday, TOLERANCE), None);
        let alert = started(yesterday, TOLERANCE + SECOND).unwrap();
        let resolved = yesterday + TOLERANCE + SECOND;
        assert_eq!(
            alert.course,
            Course::Resolved {
                since: yesterday,
                acknowledged: yesterday + REACTION,
                resolved
            }
        );
        assert!(started(now() - HISTORY, HOUR).is_some());
        assert_eq!(started(now() - HISTORY - 1, HOUR), None);
        assert_eq!(
            started(now() - HOUR, 2 * HOUR),
            None,
            "it has not started yet"
        );
    }

    #[test]
    fn a_batch_on_hold_is_blocked_since_its_check() {
        let held = batch("ON_HOLD", now() - 7 * HOUR, Some(now() - 7 * HOUR));
        let checks = [
            check("PASSED", now() - HOUR),
            check("FAILED", now() - 3 * HOUR),
        ];
        let alert = blocked(&held, &checks, now()).unwrap();
        assert_eq!(alert.course, Course::Open(now() - 3 * HOUR));
        assert_eq!(
            alert.message,
            "El lote BATCH-20260302-AB12CD de Baguette Tradicional (88 unidades) está retenido y no puede salir a \
             la venta. El control encontró defectos en 6 de 10 piezas (mal laminado, falta de cocción)."
        );
        let alert = blocked(&held, &[], now()).unwrap();
        assert_eq!(
            alert.course,
            Course::Open(now() - HOUR),
            "when it last changed"
        );
        for status in ["QUALITY_CHECK", "COMPLETED", "PENDING"] {
            assert_eq!(
                blocked(&batch(status, now(), None), &checks, now()),
                None,
                "{status}"
            );
        }
    }

    #[test]
    fn nothing_is_resolved_after_now() {
        let mut batch = batch("FAILED", now() - HOUR, Some(now() - HOUR));
        batch.updated_at = Instant(now() + HOUR);
        batch.actual_end_time = Some(Instant(now() - MINUTE));
        let course = blocked(&batch, &[], now()).map(|alert| alert.course);
        assert_eq!(
            course,
            Some(Course::resolved(now() - MINUTE, REACTION, now()))
        );
    }

    #[test]
    fn a_discarded_batch_is_remembered_for_two_weeks() {
        let failed = |ended: Micros| {
            let mut batch = batch("FAILED", ended - HOUR, Some(ended - HOUR));
            batch.actual_end_time = Some(Instant(ended));
            batch.updated_at = Instant(ended + 15 * MINUTE);
            blocked(&batch, &[check("FAILED", ended - 10 * MINUTE)], now())
        };
        assert_eq!(failed(now()), None);
        assert_eq!(failed(now() - HISTORY - 1), None);
        let ended = now() - HISTORY;
        let since = ended - 10 * MINUTE;
        assert_eq!(
            failed(ended).map(|alert| alert.course),
            Some(Course::Resolved {
                since,
                acknowledged: ended,
                resolved: ended + 15 * MINUTE
            })
        );
    }
}
