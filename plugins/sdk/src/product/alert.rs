//! Alerts: records of `alert_processor.alert`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{NAME, Params, Subject, TEXT, clipped, made_id, segment};
use crate::Decimal;
use crate::contract::{PluginError, Segment, SessionContext};
use crate::held::Held;
use crate::time::{Instant, Micros};

/// The longest title.
const TITLE: usize = 200;

/// How many resolved alerts of a type are kept, the latest: what happened is told, not logged.
const REMEMBERED: usize = 10;

/// What a rule found.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Its type; with the subject, it is what tells one alert from another.
    pub kind: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Title, in Spanish.
    pub title: String,
    /// What happened and what it means, in Spanish.
    pub message: String,
    /// i18n key of title and message.
    pub key: &'static str,
    /// What both are made from.
    pub params: Params,
    /// What it is about.
    pub subject: Subject,
    /// What to do, the best first; at least one.
    pub actions: Vec<Action>,
    /// Where it is in its life.
    pub course: Course,
    /// Where it is felt; none for the trigger's own tenant.
    pub place: Option<Place>,
}

/// How much an alert matters, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Needs action now.
    Red,
    /// Needs action today.
    Orange,
    /// Is to be watched.
    Yellow,
}

/// A suggested action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    /// Its i18n key.
    pub key: &'static str,
    /// What to do, in Spanish.
    pub label: Cow<'static, str>,
}

impl Action {
    /// An action whose text is always the same.
    pub const fn new(key: &'static str, label: &'static str) -> Self {
        Self {
            key,
            label: Cow::Borrowed(label),
        }
    }
}

/// The life of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// The condition holds since this instant.
    Open(Micros),
    /// The condition began, somebody took it on, and it ended. [`Course::resolved`] keeps the order.
    #[expect(missing_docs, reason = "the names say it all")]
    Resolved {
        since: Micros,
        acknowledged: Micros,
        resolved: Micros,
    },
}

impl Course {
    /// A resolved alert: taken on `after` so long, or when it was resolved where that was earlier.
    pub fn resolved(since: Micros, after: Micros, resolved: Micros) -> Self {
        let resolved = resolved.max(since);
        Self::Resolved {
            since,
            acknowledged: since.saturating_add(after.max(0)).min(resolved),
            resolved,
        }
    }
}

/// Where an alert is felt.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The outlet's slug; none for the group's head.
    pub outlet: Option<String>,
    /// The marker on the map.
    pub location: Location,
}

/// A marker on the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Name of the place.
    pub name: String,
    /// Degrees north, WGS 84.
    pub latitude: Decimal,
    /// Degrees east, WGS 84.
    pub longitude: Decimal,
}

impl Location {
    /// Where a tenant is, by its own record.
    ///
    /// # Errors
    ///
    /// [`PluginError::Failed`] where the record was not handed or cannot be read.
    pub fn of(held: &Held<'_>, tenant: Uuid) -> Result<Self, PluginError> {
        held.of::<Self>(tenant, "tenant", "tenant")?
            .into_iter()
            .next()
            .ok_or_else(|| {
                PluginError::Failed(format!(
                    "no record tenant.tenant of tenant {tenant} was handed: it is not known where its alerts are felt"
                ))
            })
    }
}

/// An alert as it is stored.
#[derive(Serialize)]
struct Record<'a> {
    id: Uuid,
    tenant_id: Uuid,
    outlet: Option<&'a str>,
    location: &'a Location,
    #[serde(rename = "type")]
    kind: &'a str,
    severity: Severity,
    title: String,
    message: String,
    i18n_key: &'a str,
    params: &'a Params,
    subject_domain: &'a str,
    subject_entity: &'a str,
    subject_id: Uuid,
    subject_name: String,
    actions: &'a [Action],
    status: &'a str,
    triggered_at: Instant,
    acknowledged_at: Option<Instant>,
    resolved_at: Option<Instant>,
}

/// Writes alerts: the open ones first, by severity and then by when they began, then the resolved ones, the
/// latest first. Of each type the ten latest resolved ones are kept. No alerts have no segment.
///
/// # Errors
///
/// As [`Location::of`], where there is an alert of the trigger's own tenant.
pub fn alerts(
    ctx: &SessionContext,
    held: &Held<'_>,
    mut alerts: Vec<Alert>,
) -> Result<Vec<Segment>, PluginError> {
    alerts.sort_by_key(|alert| {
        // What is alike otherwise is told apart by its name: two sessions of one clock share names, not ids.
        let name = (alert.kind, alert.subject.name.clone());
        match alert.course {
            Course::Open(since) => (false, alert.severity, since, name),
            Course::Resolved { resolved, .. } => {
                (true, Severity::Red, resolved.saturating_neg(), name)
            }
        }
    });
    let mut remembered: BTreeMap<&'static str, usize> = BTreeMap::new();
    alerts.retain(|alert| match alert.course {
        Course::Open(_) => true,
        Course::Resolved { .. } => {
            let count = remembered.entry(alert.kind).or_default();
            *count += 1;
            *count <= REMEMBERED
        }
    });
    let own = if alerts.iter().any(|alert| alert.place.is_none()) {
        Some(Location::of(held, ctx.tenant_id)?)
    } else {
        None
    };
    let mut records = Vec::with_capacity(alerts.len());
    for alert in &alerts {
        let (outlet, location) = match (&alert.place, &own) {
            (Some(place), _) => (place.outlet.as_deref(), &place.location),
            (None, Some(own)) => (ctx.outlet.as_deref(), own),
            (None, None) => continue,
        };
        records.push(Record::of(ctx, alert, outlet, location));
    }
    segment("alert", &records)
}

impl<'a> Record<'a> {
    fn of(
        ctx: &SessionContext,
        alert: &'a Alert,
        outlet: Option<&'a str>,
        location: &'a Location,
    ) -> Self {
        let (status, since, acknowledged, resolved) = match alert.course {
            Course::Open(since) => ("open", since, None, None),
            Course::Resolved {
                since,
                acknowledged,
                resolved,
            } => ("resolved", since, Some(acknowledged), Some(resolved)),
        };
        Self {
            id: made_id(&alert.subject.id, alert.kind),
            tenant_id: ctx.tenant_id,
            outlet,
            location,
            kind: alert.kind,
            severity: alert.severity,
            title: clipped(&alert.title, TITLE),
            message: clipped(&alert.message, TEXT),
            i18n_key: alert.key,
            params: &alert.params,
            subject_domain: alert.subject.domain,
            subject_entity: alert.subject.entity,
            subject_id: alert.subject.id,
            subject_name: clipped(&alert.subject.name, NAME),
            actions: &alert.actions,
            status,
            triggered_at: Instant(since),
            acknowledged_at: acknowledged.map(Instant),
            resolved_at: resolved.map(Instant),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::HeldSegment;
    use crate::time::HOUR;

    fn context() -> SessionContext {
        SessionContext {
            session_id: "s".to_owned(),
            account_type: "a".to_owned(),
            base_tenant_id: Uuid::from_u128(6),
            tenant_id: Uuid::from_u128(7),
            parent_tenant_id: None,
            outlet: Some("gracia".to_owned()),
            session_created_at: 0,
            base_reference: 0,
        }
    }

    fn alert(subject: u128, severity: Severity, course: Course) -> Alert {
        Alert {
            kind: "late_batch",
            severity,
            title: "Título".to_owned(),
            message: "x".repeat(700),
            key: "alerts.late_batch.open",
            params: Params::new(),
            subject: Subject {
                domain: "production",
                entity: "batch",
                id: Uuid::from_u128(subject),
                name: "Lote".to_owned(),
            },
            actions: vec![Action::new("alerts.late_batch.start", "Empezar")],
            course,
            place: None,
        }
    }

    #[test]
    fn open_ones_first_then_the_latest_resolved() {
        let tenant = HeldSegment {
            tenant_id: Uuid::from_u128(7),
            domain: "tenant".to_owned(),
            entity: "tenant".to_owned(),
            rows: r#"[{"name": "Obrador", "latitude": 40.4168, "longitude": -3.7038}]"#.to_owned(),
        };
        let segments = [tenant];
        let held = Held::new(&context(), &segments);
        let made = alerts(
            &context(),
            &held,
            vec![
                alert(
                    1,
                    Severity::Red,
                    Course::resolved(-9 * HOUR, HOUR, -5 * HOUR),
                ),
                alert(
                    2,
                    Severity::Yellow,
                    Course::resolved(-9 * HOUR, HOUR, -4 * HOUR),
                ),
                alert(3, Severity::Yellow, Course::Open(-9 * HOUR)),
                alert(4, Severity::Orange, Course::Open(-HOUR)),
                alert(5, Severity::Orange, Course::Open(-2 * HOUR)),
            ],
        )
        .unwrap();
        let rows: Vec<serde_json::Value> = serde_json::from_str(&made[0].rows).unwrap();
        let order: Vec<_> = rows
            .iter()
            .map(|row| {
                row["subject_id"]
                    .as_str()
                    .unwrap()
                    .ends_with(['5', '4', '3'])
            })
            .collect();
        assert_eq!(order, [true, true, true, false, false]);
        assert!(rows[0]["subject_id"].as_str().unwrap().ends_with('5'));
        assert!(rows[3]["subject_id"].as_str().unwrap().ends_with('2'));
        assert_eq!(rows[0]["outlet"], "gracia");
        assert_eq!(rows[0]["location"]["latitude"], 40.4168);
        assert_eq!(rows[0]["message"].as_str().unwrap().chars().count(), TEXT);
        let id = made_id(&Uuid::from_u128(5), "late_batch");
        assert_eq!(rows[0]["id"], id.to_string());
    }

    #[test]
    fn the_ten_latest_resolved_ones_of_a_type_are_kept() {
        let place = Place {
            outlet: None,
            location: Location {
                name: "Obrador".to_owned(),
                latitude: Decimal::ZERO,
                longitude: Decimal::ZERO,
            },
        };
        let resolved = (1..=15).map(|subject| Alert {
            place: Some(place.clone()),
            ..alert(
                subject,
                Severity::Red,
                Course::resolved(subject as Micros, 0, 0),
            )
        });
        let open = (16..=30).map(|subject| Alert {
            place: Some(place.clone()),
            ..alert(subject, Severity::Red, Course::Open(0))
        });
        let held = Held::new(&context(), &[]);
        let made = alerts(&context(), &held, resolved.chain(open).collect()).unwrap();
        let rows: Vec<serde_json::Value> = serde_json::from_str(&made[0].rows).unwrap();
        assert_eq!(rows.len(), 25);
        assert_eq!(rows[15]["resolved_at"], "1970-01-01T00:00:00.000015Z");
        assert_eq!(rows[24]["resolved_at"], "1970-01-01T00:00:00.000006Z");
    }

    #[test]
    fn nothing_found_needs_no_place() {
        let held = Held::new(&context(), &[]);
        assert_eq!(alerts(&context(), &held, Vec::new()), Ok(Vec::new()));
        let one = vec![alert(1, Severity::Red, Course::Open(0))];
        assert!(matches!(
            alerts(&context(), &held, one),
            Err(PluginError::Failed(_))
        ));
    }

    #[test]
    fn a_resolved_alert_was_taken_on_before_it_ended() {
        let course = Course::resolved(0, 2 * HOUR, HOUR);
        assert_eq!(
            course,
            Course::Resolved {
                since: 0,
                acknowledged: HOUR,
                resolved: HOUR
            }
        );
        let course = Course::resolved(0, -HOUR, -HOUR);
        assert_eq!(
            course,
            Course::Resolved {
                since: 0,
                acknowledged: 0,
                resolved: 0
            }
        );
    }
}
