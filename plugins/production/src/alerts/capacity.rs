//! When a machine has no reserve left.

use std::borrow::Cow;
use std::collections::BTreeMap;

use levain_plugin::product::{Action, Alert, Course, Params, Severity, Subject};
use levain_plugin::time::{DAY, Instant, Micros};
use levain_plugin::{Decimal, Uuid, spanish};
use serde::Deserialize;

/// The share of a machine's hours from which on a delay cannot be made up for, %.
const FULL: Decimal = Decimal::whole(90);
/// How far ahead the plan is looked at.
const AHEAD: Micros = DAY;

/// A machine as it is stored.
#[derive(Debug, Deserialize)]
pub struct Machine<'a> {
    id: Uuid,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

/// A machine's hours in one period as they are stored.
#[derive(Debug, Deserialize)]
pub struct Capacity {
    id: Uuid,
    equipment_id: Uuid,
    period_start: Instant,
    period_end: Instant,
    total_hours: Decimal,
    reserved_hours: Decimal,
    is_available: bool,
}

/// Machines that are reserved to nine tenths or more in a period that runs or begins within a day; of each
/// its earliest such period.
pub fn full(machines: &[Machine<'_>], capacity: &[Capacity], now: Micros) -> Vec<Alert> {
    let mut earliest: BTreeMap<Uuid, &Capacity> = BTreeMap::new();
    for period in capacity.iter().filter(|period| period.is_full(now)) {
        let first = earliest.entry(period.equipment_id).or_insert(period);
        if (period.period_start, period.id) < (first.period_start, first.id) {
            *first = period;
        }
    }
    machines
        .iter()
        .filter_map(|machine| Some(earliest.get(&machine.id)?.alert(&machine.name, now)))
        .collect()
}

impl Capacity {
    fn is_full(&self, now: Micros) -> bool {
        let hundredths = |number: Decimal| number.times(Decimal::whole(100));
        self.is_available
            && self.period_end.0 > now
            && self.period_start.0 < now.saturating_add(AHEAD)
            && self.total_hours > Decimal::ZERO
            && hundredths(self.reserved_hours) >= self.total_hours.times(FULL)
    }

    fn alert(&self, machine: &str, now: Micros) -> Alert {
        let percent = self
            .reserved_hours
            .percent_of(self.total_hours, 0)
            .unwrap_or_default();
        Alert {
            kind: "equipment_capacity",
            severity: Severity::Orange,
            title: format!(
                "Capacidad {machine} al {} — riesgo de cuello de botella",
                spanish::percent(percent)
            ),
            message: format!(
                "{machine} tiene reservadas {} h de las {} h disponibles entre el {} y el {}: no queda \
                 margen para un retraso o una avería.",
                spanish::number(self.reserved_hours),
                spanish::number(self.total_hours),
                spanish::date_time(self.period_start.0),
                spanish::date_time(self.period_end.0),
            ),
            key: "alerts.equipment_capacity.open",
            params: Params::new()
                .with("equipment", machine)
                .with("percent", percent)
                .with("reserved_hours", self.reserved_hours)
                .with("total_hours", self.total_hours)
                .with("period_start", self.period_start)
                .with("period_end", self.period_end),
            subject: Subject {
                domain: "production",
                entity: "production_capacity",
                id: self.id,
                name: machine.to_owned(),
            },
            actions: vec![
                Action::new(
                    "alerts.equipment_capacity.move_batches",
                    "Pasar lotes no urgentes a otra máquina o a otro turno",
                ),
                Action::new(
                    "alerts.equipment_capacity.confirm_priorities",
                    "Confirmar el orden de los lotes con producción",
                ),
            ],
            course: Course::Open(self.period_start.0.min(now)),
            place: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use levain_plugin::time::{HOUR, parse};

    use super::*;

    fn now() -> Micros {
        parse("2026-03-02T10:00:00Z").unwrap()
    }

    fn oven() -> [Machine<'static>; 1] {
        [Machine {
            id: Uuid::from_u128(1),
            name: "Horno rotativo".into(),
        }]
    }

    fn period(from: Micros, to: Micros, reserved: &str) -> Capacity {
        Capacity {
            id: Uuid::from_u128(2),
            equipment_id: Uuid::from_u128(1),
            period_start: Instant(from),
            period_end: Instant(to),
            total_hours: Decimal::whole(20),
            reserved_hours: reserved.parse().unwrap(),
            is_available: true,
        }
    }

    #[test]
    fn nine_tenths_are_full() {
        let full = |reserved| {
            full(
                &oven(),
                &[period(now() - HOUR, now() + HOUR, reserved)],
                now(),
            )
        };
        assert!(full("17.999").is_empty());
        assert_eq!(full("18").len(), 1);
        let alert = full("19").remove(0);
        assert_eq!(
            alert.title,
            "Capacidad Horno rotativo al 95 % — riesgo de cuello de botella"
        );
        assert_eq!(alert.course, Course::Open(now() - HOUR));
        assert_eq!(
            alert.message,
            "Horno rotativo tiene reservadas 19 h de las 20 h disponibles entre el 02/03/2026 09:00 y el \
             02/03/2026 11:00: no queda margen para un retraso o una avería."
        );
    }

    #[test]
    fn a_period_counts_while_it_runs_and_a_day_ahead() {
        let counts = |from, to| !full(&oven(), &[period(from, to, "20")], now()).is_empty();
        assert!(!counts(now() - HOUR, now()));
        assert!(counts(now() - HOUR, now() + 1));
        assert!(counts(now() + DAY - 1, now() + 2 * DAY));
        assert!(!counts(now() + DAY, now() + 2 * DAY));
    }

    #[test]
    fn one_alert_per_machine_about_its_earliest_period() {
        let later = period(now() + 2 * HOUR, now() + 3 * HOUR, "20");
        let sooner = Capacity {
            id: Uuid::from_u128(3),
            ..period(now() + HOUR, now() + 2 * HOUR, "18")
        };
        let alerts = full(&oven(), &[later, sooner], now());
        assert_eq!(alerts.len(), 1);
        assert_eq!(alerts[0].subject.id, Uuid::from_u128(3));
        assert_eq!(
            alerts[0].course,
            Course::Open(now()),
            "not before it is seen"
        );
    }

    #[test]
    fn what_cannot_be_planned_is_not_full() {
        let closed = Capacity {
            is_available: false,
            ..period(now(), now() + HOUR, "20")
        };
        let none = Capacity {
            total_hours: Decimal::ZERO,
            ..period(now(), now() + HOUR, "0")
        };
        assert!(full(&oven(), &[closed, none], now()).is_empty());
        assert!(full(&[], &[period(now(), now() + HOUR, "20")], now()).is_empty());
    }
}
