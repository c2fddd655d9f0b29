//! A session as people read it.

use std::fmt::Write as _;

use super::super::text::{Column, Grid, NOTHING, duration, grouped, short_digest};
use super::products::Products;
use super::view::{Session, error_line};

/// The session's own lines, then tables of its domains, triggers and products.
pub(super) fn render(session: &Session, products: Option<&Products>) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name:<9} {value}");
        }
    };
    line("session", &session.session_id);
    line("account", &session.demo_account_type);
    line("status", &session.status);
    line("tenant", session.virtual_tenant_id.as_deref().unwrap_or(""));
    for child in &session.children {
        line(
            "outlet",
            &format!("{} {}", child.virtual_tenant_id, child.name),
        );
    }
    line("created", session.created_at.as_deref().unwrap_or(""));
    line("expires", session.expires_at.as_deref().unwrap_or(""));
    if let Some(credentials) = &session.credentials {
        let login = format!("{} ({})", credentials.email, credentials.name);
        line("log-in", &login);
        line("token", credentials.access_token.as_deref().unwrap_or(""));
    }
    if let Some(alerts) = session.alerts {
        let open = alerts.open.unwrap_or_default();
        line(
            "alerts",
            &format!("{} ({} open)", grouped(alerts.total), grouped(open)),
        );
    }
    if let Some(insights) = session.insights {
        line("insights", &grouped(insights.total));
    }
    let mut table = |grid: Option<Grid>| {
        if let Some(grid) = grid {
            let _ = writeln!(text, "\n{grid}");
        }
    };
    table((!session.services.is_empty()).then(|| domains(session)));
    table((!session.has_no_triggers()).then(|| triggers(session)));
    table(products.and_then(|products| products.alerts(session)));
    table(products.and_then(|products| products.figures(session)));
    text.trim_end().to_owned()
}

/// The failures, a line each.
pub(super) fn failures(session: &Session) -> Vec<String> {
    let line = |tenant: &str, name: &str, failure: String| match has_several(session) {
        false => format!("{name}: {failure}"),
        true => format!("{} {name}: {failure}", session.tenant_name(tenant)),
    };
    let own = session.error.iter().map(error_line);
    let of_domains = session.services.iter().flat_map(|(tenant, domains)| {
        let domains = domains.iter();
        domains.filter_map(move |(name, service)| Some(line(tenant, name, service.failure()?)))
    });
    let of_triggers = session.triggers.iter().flat_map(|(tenant, triggers)| {
        let triggers = triggers.iter();
        triggers.filter_map(move |(name, trigger)| Some(line(tenant, name, trigger.failure()?)))
    });
    own.chain(of_domains).chain(of_triggers).collect()
}

fn triggers(session: &Session) -> Grid {
    let mut grid = grid(
        session,
        &[
            Column::Left("trigger"),
            Column::Left("makes"),
            Column::Left("status"),
            Column::Right("records"),
            Column::Right("time"),
            Column::Left("digest"),
        ],
    );
    for (tenant, triggers) in &session.triggers {
        for (name, trigger) in triggers {
            let cells = vec![
                name.clone(),
                trigger.phase.clone(),
                trigger.status.clone(),
                grouped(trigger.records),
                time(trigger.duration_ms),
                digest(trigger.content_digest.as_deref()),
            ];
            grid.line(under_tenant(session, session.tenant_name(tenant), cells));
        }
    }
    grid
}

fn domains(session: &Session) -> Grid {
    let mut grid = grid(
        session,
        &[
            Column::Left("domain"),
            Column::Left("status"),
            Column::Right("records"),
            Column::Right("time"),
            Column::Left("digest"),
        ],
    );
    for (tenant, services) in &session.services {
        for (domain, service) in services {
            let cells = vec![
                domain.clone(),
                service.status.clone(),
                grouped(service.records()),
                time(service.duration_ms),
                digest(service.content_digest.as_deref()),
            ];
            grid.line(under_tenant(session, session.tenant_name(tenant), cells));
        }
    }
    let total = vec![
        "total".to_owned(),
        session.status.clone(),
        grouped(session.records()),
        time(session.duration_ms),
        String::new(),
    ];
    grid.total(under_tenant(session, "", total));
    grid
}

/// A table with a first column for the tenant if there are several.
fn grid(session: &Session, columns: &[Column]) -> Grid {
    let whose = has_several(session).then_some(Column::Left("tenant"));
    let columns: Vec<Column> = whose.into_iter().chain(columns.iter().copied()).collect();
    Grid::new(&columns)
}

/// The cells of a line of such a table.
fn under_tenant(session: &Session, tenant: &str, mut cells: Vec<String>) -> Vec<String> {
    if has_several(session) {
        cells.insert(0, tenant.to_owned());
    }
    cells
}

fn has_several(session: &Session) -> bool {
    session.services.len() > 1
}

fn time(duration_ms: Option<f64>) -> String {
    duration_ms.map_or_else(|| NOTHING.to_owned(), duration)
}

fn digest(whole: Option<&str>) -> String {
    whole.map_or_else(|| NOTHING.to_owned(), short_digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = r#"{
        "session_id": "demo_1", "demo_account_type": "library", "status": "PARTIAL",
        "virtual_tenant_id": "t1", "created_at": "2026-03-02T10:00:00Z", "duration_ms": 41.5,
        "credentials": { "email": "ada@library.example", "name": "Ada", "access_token": "v4.x" },
        "services": { "t1": {
            "shelving": { "status": "completed", "records_cloned": { "book": 1200, "total": 1200 },
                "duration_ms": 3.25, "content_digest": "0123456789abcdef" },
            "lending": { "status": "failed", "records_cloned": {},
                "error": { "code": "timeout", "message": "it took too long" } } } }
    }"#;

    #[test]
    fn session_is_shown_as_lines_and_a_table() {
        let session: Session = serde_json::from_str(SESSION).unwrap();
        let expected = "\
session   demo_1
account   library
status    PARTIAL
tenant    t1
created   2026-03-02T10:00:00Z
log-in    ada@library.example (Ada)
token     v4.x

 domain     status      records     time   digest
────────────────────────────────────────────────────────
 shelving   completed     1,200   3.2 ms   0123456789ab
 lending    failed            0        -   -
────────────────────────────────────────────────────────
 total      PARTIAL       1,200    42 ms";
        assert_eq!(render(&session, None), expected);
        assert_eq!(failures(&session), ["lending: it took too long [timeout]"]);
    }

    #[test]
    fn outlet_is_shown_by_its_name() {
        let mut session: Session = serde_json::from_str(SESSION).unwrap();
        let with_outlet = r#"{ "children": [{ "name": "Branch", "virtual_tenant_id": "t2" }],
            "services": { "t1": {}, "t2": { "shelving": { "status": "completed" } } } }"#;
        let other: Session = serde_json::from_str(with_outlet).unwrap();
        session.children = other.children;
        session.services = other.services;
        let text = render(&session, None);
        assert!(text.contains("tenant"), "{text}");
        assert!(text.contains("Branch"), "{text}");
        assert!(text.contains("outlet    t2 Branch"), "{text}");
    }

    #[test]
    fn triggers_are_a_table_and_failures_are_listed() {
        let mut session: Session = serde_json::from_str(SESSION).unwrap();
        let with_triggers = r#"{ "alerts": { "total": 12, "open": 3 }, "insights": { "total": 2 },
            "triggers": { "t1": {
                "late": { "phase": "alerts", "status": "completed", "records": 12, "duration_ms": 1.5,
                    "content_digest": "0123456789abcdef" },
                "lost": { "phase": "alerts", "status": "skipped", "reason": "`lending` was not cloned" },
                "wear": { "phase": "insights", "status": "disabled", "reason": "the host does not look for insights" },
                "lent": { "phase": "kpis", "status": "failed", "error": { "code": "trap", "message": "it trapped" } } } } }"#;
        let other: Session = serde_json::from_str(with_triggers).unwrap();
        (session.triggers, session.alerts, session.insights) =
            (other.triggers, other.alerts, other.insights);
        let text = render(&session, None);
        let expected = "\
 trigger   makes      status      records     time   digest
──────────────────────────────────────────────────────────────────
 late      alerts     completed        12   1.5 ms   0123456789ab
 lost      alerts     skipped           0        -   -
 wear      insights   disabled          0        -   -
 lent      kpis       failed            0        -   -";
        assert!(text.ends_with(expected), "{text}");
        assert!(
            text.contains("alerts    12 (3 open)\ninsights  2\n"),
            "{text}"
        );
        assert_eq!(
            failures(&session),
            [
                "lending: it took too long [timeout]",
                "lost: skipped: `lending` was not cloned",
                "lent: it trapped [trap]",
            ]
        );
    }
}
