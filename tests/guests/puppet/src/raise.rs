//! What it raises: an alert for every note, and the number of alerts. A trigger's name begins with the
//! domain that it is for, since a plugin is not told which domain it serves.

use levain_plugin::product::made_id;
use levain_plugin::{Held, Level, PluginError, Segment, SessionContext, Uuid, log};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::misbehave;

/// What stands before the behaviour of a trigger.
const PREFIX: &str = "trigger-";
/// A record that is nowhere.
const NOWHERE: Uuid = Uuid::from_u128(0xf0f0f);

#[derive(Deserialize)]
struct Note {
    id: Uuid,
    behaviour: String,
}

#[derive(Serialize)]
struct Alert<'a> {
    id: Uuid,
    tenant_id: Uuid,
    #[serde(rename = "type")]
    kind: &'static str,
    status: &'static str,
    severity: &'static str,
    outlet: Option<&'a str>,
    subject_domain: &'a str,
    subject_entity: &'static str,
    subject_id: Uuid,
    text: String,
}

/// Raises an alert for every note, or misbehaves.
pub fn alerts(
    ctx: &SessionContext,
    trigger: &str,
    held: &Held<'_>,
) -> Result<Vec<Segment>, PluginError> {
    let Some((domain, "notes")) = trigger.split_once('-') else {
        return Err(PluginError::Unsupported(format!(
            "there is no trigger {trigger}"
        )));
    };
    let notes = held.own::<Note>(domain, "note")?;
    let told = notes
        .first()
        .and_then(|note| note.behaviour.strip_prefix(PREFIX))
        .unwrap_or("honest");
    log(Level::Debug, &format!("raising as {told}"));
    if told == "unsupported" {
        return Err(PluginError::Unsupported(format!(
            "the puppet was told to know no trigger {trigger}"
        )));
    }
    let alerts: Vec<Alert<'_>> = notes
        .iter()
        .map(|note| {
            let subject_id = if told == "dangling" { NOWHERE } else { note.id };
            Alert {
                id: made_id(&subject_id, "noted"),
                tenant_id: ctx.tenant_id,
                kind: "noted",
                status: "open",
                severity: "red",
                outlet: (told == "foreign-outlet").then_some("nowhere"),
                subject_domain: domain,
                subject_entity: "note",
                subject_id,
                text: format!("a note of {domain}"),
            }
        })
        .take(if told == "dangling" { 1 } else { usize::MAX })
        .collect();
    let honest = vec![segment("alert", &alerts)?];
    match told {
        // Done already: the generic ones would break more than the one thing.
        "dangling" | "foreign-outlet" => Ok(honest),
        told => misbehave::as_told(told, "alert", ctx, honest),
    }
}

/// Counts the alerts that were raised.
pub fn figures(
    ctx: &SessionContext,
    trigger: &str,
    held: &Held<'_>,
) -> Result<Vec<Segment>, PluginError> {
    if trigger != "lead-count" {
        return Err(PluginError::Unsupported(format!(
            "there is no trigger {trigger}"
        )));
    }
    let raised = held.own::<serde_json::Value>("raised", "alert")?.len();
    let figure = json!({
        "id": made_id(&ctx.tenant_id, "raised"), "tenant_id": ctx.tenant_id, "kpi": "raised",
        "scope": "tenant", "value": raised,
    });
    Ok(vec![segment("figure", &[figure])?])
}

fn segment<T: Serialize>(entity: &str, records: &[T]) -> Result<Segment, PluginError> {
    let rows = serde_json::to_string(records)
        .map_err(|error| PluginError::Failed(format!("{entity} cannot be written: {error}")))?;
    Ok(Segment {
        entity: entity.to_owned(),
        rows,
    })
}
