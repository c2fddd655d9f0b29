//! When a drive is late, and when one was.

use std::borrow::Cow;

use levain_plugin::product::{Action, Alert, Course, Params, Severity, Subject};
use levain_plugin::time::{DAY, Instant, MINUTE, Micros};
use levain_plugin::{Uuid, spanish};
use serde::Deserialize;

use super::road::{Goal, Roads};

/// From which delay on an outlet should know.
const TOLERANCE: Micros = 15 * MINUTE;
/// How far back late drives are remembered.
const HISTORY: Micros = 14 * DAY;
/// How long it takes until somebody informs the outlet.
const REACTION: Micros = 10 * MINUTE;

/// A drive as it is stored.
#[derive(Debug, Deserialize)]
pub struct Run<'a> {
    id: Uuid,
    #[serde(borrow)]
    run_number: Cow<'a, str>,
    route_id: Uuid,
    #[serde(borrow)]
    status: Cow<'a, str>,
    planned_arrival: Instant,
    estimated_arrival: Option<Instant>,
    actual_arrival: Option<Instant>,
    #[serde(borrow)]
    delay_reason: Option<Cow<'a, str>>,
    updated_at: Instant,
}

/// A drive that is expected a quarter of an hour late or more, or that arrived so in the days that are
/// remembered.
pub fn late(run: &Run<'_>, roads: &Roads, now: Micros) -> Option<Alert> {
    let goal = roads.goal(&run.route_id)?;
    let planned = run.planned_arrival.0;
    match (
        run.status.as_ref(),
        run.estimated_arrival,
        run.actual_arrival,
    ) {
        ("CANCELLED", ..) => None,
        ("COMPLETED", _, Some(arrived)) => {
            let remembered = (now - HISTORY..now).contains(&planned) && arrived.0 <= now;
            (remembered && arrived.0 - planned >= TOLERANCE).then(|| run.was_late(goal, arrived))
        }
        ("COMPLETED", ..) | (_, None, _) => None,
        (_, Some(estimated), _) => {
            (estimated.0 - planned >= TOLERANCE).then(|| run.is_late(goal, estimated, now))
        }
    }
}

impl Run<'_> {
    fn is_late(&self, goal: &Goal, estimated: Instant, now: Micros) -> Alert {
        let minutes = (estimated.0 - self.planned_arrival.0) / MINUTE;
        Alert {
            title: format!("Retraso ruta {} — ETA +{minutes} min", goal.city),
            message: format!(
                "El reparto {} a {} debía llegar el {}; la hora estimada ahora es el {}, {} más tarde.{}",
                self.run_number,
                goal.city,
                spanish::date_time(self.planned_arrival.0),
                spanish::date_time(estimated.0),
                spanish::duration(minutes * MINUTE),
                self.reason(),
            ),
            key: "alerts.late_route.open",
            params: self
                .params(goal, minutes)
                .with("estimated_arrival", estimated),
            actions: vec![
                Action::new(
                    "alerts.late_route.inform_outlet",
                    "Avisar a la tienda de la nueva hora de llegada",
                ),
                Action::new(
                    "alerts.late_route.call_driver",
                    "Llamar al conductor y valorar una ruta alternativa",
                ),
            ],
            // The delay is known since the drive was last reported.
            ..self.alert(goal, Course::Open(self.updated_at.0.min(now)))
        }
    }

    fn was_late(&self, goal: &Goal, arrived: Instant) -> Alert {
        let minutes = (arrived.0 - self.planned_arrival.0) / MINUTE;
        Alert {
            title: format!("Retraso ruta {} — llegada +{minutes} min", goal.city),
            message: format!(
                "El reparto {} a {} debía llegar el {} y llegó el {}, {} más tarde.{}",
                self.run_number,
                goal.city,
                spanish::date_time(self.planned_arrival.0),
                spanish::date_time(arrived.0),
                spanish::duration(minutes * MINUTE),
                self.reason(),
            ),
            key: "alerts.late_route.resolved",
            params: self.params(goal, minutes).with("actual_arrival", arrived),
            actions: vec![Action::new(
                "alerts.late_route.review_timetable",
                "Revisar el horario de la ruta si se repite",
            )],
            ..self.alert(
                goal,
                Course::resolved(self.planned_arrival.0, REACTION, arrived.0),
            )
        }
    }

    fn reason(&self) -> String {
        let reason = self.delay_reason.as_deref();
        reason.map_or_else(String::new, |reason| {
            format!(
                " Motivo: {}.",
                spanish::inside(reason.trim_end_matches('.'))
            )
        })
    }

    fn params(&self, goal: &Goal, minutes: i64) -> Params {
        Params::new()
            .with("run_number", self.run_number.as_ref())
            .with("city", goal.city.as_str())
            .with("planned_arrival", self.planned_arrival)
            .with("delay_minutes", minutes)
            .with("delay_reason", self.delay_reason.as_deref())
    }

    /// What all alerts about a drive have alike.
    fn alert(&self, goal: &Goal, course: Course) -> Alert {
        Alert {
            kind: "late_route",
            severity: Severity::Yellow,
            title: String::new(),
            message: String::new(),
            key: "",
            params: Params::new(),
            subject: Subject {
                domain: "distribution",
                entity: "route_run",
                id: self.id,
                name: self.run_number.clone().into_owned(),
            },
            actions: Vec::new(),
            course,
            place: goal.place.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use levain_plugin::time::{HOUR, SECOND, parse};

    use super::super::road::examples;
    use super::*;

    fn now() -> Micros {
        parse("2026-03-02T02:00:00Z").unwrap()
    }

    fn run(status: &'static str, planned: Micros, after: Micros) -> Run<'static> {
        let arrival = Some(Instant(planned + after));
        let over = status == "COMPLETED";
        Run {
            id: Uuid::from_u128(5),
            run_number: "RUN-20260301-AB12CD".into(),
            route_id: Uuid::from_u128(1),
            status: status.into(),
            planned_arrival: Instant(planned),
            estimated_arrival: arrival.filter(|_| !over),
            actual_arrival: arrival.filter(|_| over),
            delay_reason: Some("Tráfico denso en la A-2".into()),
            updated_at: Instant(now() - 6 * MINUTE),
        }
    }

    fn found(status: &'static str, planned: Micros, after: Micros) -> Option<Alert> {
        late(&run(status, planned, after), &examples(), now())
    }

    #[test]
    fn a_quarter_of_an_hour_is_late() {
        let planned = now() + 3 * HOUR;
        assert_eq!(found("IN_TRANSIT", planned, TOLERANCE - SECOND), None);
        for status in ["IN_TRANSIT", "SCHEDULED", "LOADING"] {
            assert!(found(status, planned, TOLERANCE).is_some(), "{status}");
        }
        assert_eq!(found("CANCELLED", planned, HOUR), None);
        let silent = Run {
            estimated_arrival: None,
            ..run("SCHEDULED", planned, HOUR)
        };
        assert_eq!(late(&silent, &examples(), now()), None);
    }

    #[test]
    fn its_text() {
        let alert = found("IN_TRANSIT", now() + 3 * HOUR, 30 * MINUTE).unwrap();
        assert_eq!(alert.title, "Retraso ruta Barcelona — ETA +30 min");
        assert_eq!(alert.severity, Severity::Yellow);
        assert_eq!(
            alert.message,
            "El reparto RUN-20260301-AB12CD a Barcelona debía llegar el 02/03/2026 05:00; la hora estimada ahora \
             es el 02/03/2026 05:30, 30 min más tarde. Motivo: tráfico denso en la A-2."
        );
        assert_eq!(alert.course, Course::Open(now() - 6 * MINUTE));
        let place = alert.place.unwrap();
        assert_eq!(place.outlet.as_deref(), Some("barcelona"));
    }

    #[test]
    fn late_arrivals_are_remembered_for_two_weeks() {
        let yesterday = now() - DAY;
        assert_eq!(found("COMPLETED", yesterday, TOLERANCE - SECOND), None);
        let alert = found("COMPLETED", yesterday, TOLERANCE).unwrap();
        let resolved = yesterday + TOLERANCE;
        assert_eq!(
            alert.course,
            Course::Resolved {
                since: yesterday,
                acknowledged: yesterday + REACTION,
                resolved
            }
        );
        assert_eq!(alert.title, "Retraso ruta Barcelona — llegada +15 min");
        assert!(found("COMPLETED", now() - HISTORY, HOUR).is_some());
        assert_eq!(found("COMPLETED", now() - HISTORY - 1, HOUR), None);
        assert_eq!(
            found("COMPLETED", now() - MINUTE, HOUR),
            None,
            "it is not there yet"
        );
    }

    #[test]
    fn a_drive_of_an_unknown_route_says_nothing() {
        let mut lost = run("IN_TRANSIT", now(), HOUR);
        lost.route_id = Uuid::from_u128(77);
        assert_eq!(late(&lost, &examples(), now()), None);
    }
}
