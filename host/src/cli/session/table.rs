//! A session as people read it.

use std::fmt::Write as _;

use super::super::text::{Column, Grid, NOTHING, duration, grouped, short_digest};
use super::view::{Session, error_line};

/// The session's own lines, then a table of its domains with a total.
pub(super) fn render(session: &Session) -> String {
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
    line("created", session.created_at.as_deref().unwrap_or(""));
    line("expires", session.expires_at.as_deref().unwrap_or(""));
    if let Some(credentials) = &session.credentials {
        let login = format!("{} ({})", credentials.email, credentials.name);
        line("log-in", &login);
        line("token", credentials.access_token.as_deref().unwrap_or(""));
    }
    if session.services.len() > 0 {
        let _ = write!(text, "\n{}", domains(session));
    }
    text.trim_end().to_owned()
}

/// What went wrong, a line each.
pub(super) fn failures(session: &Session) -> Vec<String> {
    let own = session.error.iter().map(error_line);
    let of_domains = session.services.iter().flat_map(|(tenant, domains)| {
        domains.iter().filter_map(|(domain, service)| {
            let failure = service.failure()?;
            Some(match session.services.len() {
                1 => format!("{domain}: {failure}"),
                _ => format!("{} {domain}: {failure}", session.tenant_name(tenant)),
            })
        })
    });
    own.chain(of_domains).collect()
}

fn domains(session: &Session) -> Grid {
    let tenants = session.services.len() > 1;
    let mut columns = vec![
        Column::Left("domain"),
        Column::Left("status"),
        Column::Right("records"),
        Column::Right("time"),
        Column::Left("digest"),
    ];
    if tenants {
        columns.insert(0, Column::Left("tenant"));
    }
    let mut grid = Grid::new(&columns);
    let under_tenant = |tenant: &str, mut cells: Vec<String>| {
        if tenants {
            cells.insert(0, tenant.to_owned());
        }
        cells
    };
    let nothing = || NOTHING.to_owned();
    for (tenant, services) in session.services.iter() {
        for (domain, service) in services.iter() {
            grid.line(under_tenant(
                session.tenant_name(tenant),
                vec![
                    domain.clone(),
                    service.status.clone(),
                    grouped(service.records()),
                    service.duration_ms.map_or_else(nothing, duration),
                    service
                        .content_digest
                        .as_deref()
                        .map_or_else(nothing, short_digest),
                ],
            ));
        }
    }
    grid.total(under_tenant(
        "",
        vec![
            "total".to_owned(),
            session.status.clone(),
            grouped(session.records()),
            session.duration_ms.map_or_else(nothing, duration),
            String::new(),
        ],
    ));
    grid
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
    fn a_session_reads_as_lines_and_a_table() {
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
        assert_eq!(render(&session), expected);
        assert_eq!(failures(&session), ["lending: it took too long [timeout]"]);
    }

    #[test]
    fn an_outlet_goes_by_its_name() {
        let mut session: Session = serde_json::from_str(SESSION).unwrap();
        let with_outlet = r#"{ "children": [{ "name": "Branch", "virtual_tenant_id": "t2" }],
            "services": { "t1": {}, "t2": { "shelving": { "status": "completed" } } } }"#;
        let other: Session = serde_json::from_str(with_outlet).unwrap();
        session.children = other.children;
        session.services = other.services;
        let text = render(&session);
        assert!(text.contains("tenant"), "{text}");
        assert!(text.contains("Branch"), "{text}");
    }
}
