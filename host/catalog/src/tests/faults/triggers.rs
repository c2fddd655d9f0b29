//! Faults of triggered domains and of triggers in the catalog file.

use super::super::super::Relation;
use super::super::desk::FIGURES;
use super::super::library::Library;
use super::only;
use levain_model::Phase;

/// Demands that the one fault of a changed catalog file is this one.
fn told(from: &str, to: &str, pointer: &str, rule: &str, message: &str) {
    let library = Library::new().with_manifest(from, to);
    only(&library, "catalog.toml", pointer, rule, message);
}

#[test]
fn triggers_load() {
    let catalog = Library::new().load();
    let slugs: Vec<&str> = catalog.triggers().iter().map(|t| t.slug.as_str()).collect();
    assert_eq!(slugs, ["overdue", "worn-books", "errands", "desk-figures"]);
    let overdue = catalog.trigger("overdue").unwrap();
    assert_eq!(
        (
            overdue.domain.as_str(),
            overdue.phase,
            overdue.path.as_deref()
        ),
        ("lending", Phase::Alerts, Some("overdue"))
    );
    assert_eq!(overdue.timeout.as_millis(), 500);
    assert_eq!(overdue.writes.to_string(), "desk.notice");
    let reads: Vec<_> = overdue
        .reads
        .iter()
        .map(|read| (read.entity.to_string(), read.from.as_slice()))
        .collect();
    assert_eq!(
        reads,
        [
            ("lending.loan".to_owned(), &[Relation::Own][..]),
            (
                "shelving.book".to_owned(),
                &[Relation::Own, Relation::Parent][..]
            ),
        ]
    );
    let figures = catalog.trigger("desk-figures").unwrap();
    assert_eq!(
        (figures.path.as_deref(), figures.figures.as_slice()),
        (None, &["open_notices".to_owned()][..])
    );
    let product = |phase| catalog.product(phase).map(ToString::to_string);
    assert_eq!(
        Phase::ALL.map(product),
        [
            Some("desk.notice".to_owned()),
            None,
            Some("desk.figure".to_owned())
        ]
    );
    let desk = catalog.domain("desk").unwrap();
    assert!(desk.triggered && desk.plugin.is_none() && !desk.required);
}

#[test]
fn keys_of_a_triggered_domain() {
    for (key, value) in [
        ("plugin", "\"desk\""),
        ("required", "false"),
        ("timeout_ms", "5"),
    ] {
        told(
            "triggered = true",
            &format!("triggered = true\n{key} = {value}"),
            &format!("/domain/3/{key}"),
            "triggered_domain",
            &format!("no plugin to which `{key}` could apply"),
        );
    }
    told(
        "[\"notice\", \"figure\"]",
        "[\"notice\", \"figure\"]\n[domain.limits]\nrecords = 5",
        "/domain/3/limits",
        "triggered_domain",
        "`limits`",
    );
    told(
        "plugin = \"lending\"\n",
        "",
        "/domain/2",
        "toml",
        "missing field `plugin`",
    );
    told(
        "lending = [\"lending.json\"]",
        "lending = [\"lending.json\"]\ndesk = [\"lending.json\"]",
        "/account/0/fixtures/desk",
        "triggered_domain",
        "made, not cloned",
    );
}

#[test]
fn names_of_triggers() {
    told(
        "phase = \"kpis\"",
        "phase = \"kpis\"\nfigure = 1",
        "/trigger/3/figure",
        "unknown_key",
        "did you mean `figures`?",
    );
    told(
        "{ entity = \"desk.notice\"",
        "{ entiti = 1, entity = \"desk.notice\"",
        "/trigger/3/reads/0/entiti",
        "unknown_key",
        "did you mean `entity`?",
    );
    told(
        "slug = \"errands\"",
        "slug = \"Errands\"",
        "/trigger/2/slug",
        "slug",
        "not the name of a trigger",
    );
    told(
        "slug = \"errands\"",
        "slug = \"overdue\"",
        "/trigger/2/slug",
        "unique",
        "trigger 0 is named `overdue` as well",
    );
    let library = Library::new()
        .with_manifest("domain = \"shelving\"", "domain = \"lending\"")
        .with_manifest("path = \"worn/books\"", "path = \"overdue\"");
    only(
        &library,
        "catalog.toml",
        "/trigger/1/path",
        "unique",
        "`overdue` of the same domain",
    );
    for (path, rule) in [
        ("worn//books", "slug"),
        ("Worn", "slug"),
        ("demo/worn", "bounds"),
        ("worn/books/again", "bounds"),
    ] {
        let path = format!("path = \"{path}\"");
        told("path = \"worn/books\"", &path, "/trigger/1/path", rule, "");
    }
    told(
        "timeout_ms = 500",
        "timeout_ms = 0",
        "/trigger/0/timeout_ms",
        "bounds",
        "0 ms",
    );
    told(
        "phase = \"kpis\"",
        "phase = \"kpi\"",
        "/trigger/3/phase",
        "unknown_phase",
        "did you mean `kpis`?",
    );
    told(
        "domain = \"lending\"",
        "domain = \"lendin\"",
        "/trigger/0/domain",
        "unknown_domain",
        "did you mean `lending`?",
    );
    told(
        "domain = \"lending\"",
        "domain = \"desk\"",
        "/trigger/0/domain",
        "triggered_domain",
        "no plugin that could answer",
    );
}

#[test]
fn what_triggers_write() {
    told(
        "writes = \"desk.figure\"",
        "writes = \"desk.figur\"",
        "/trigger/3/writes",
        "unknown_entity",
        "did you mean `desk.figure`?",
    );
    told(
        "writes = \"desk.figure\"",
        "writes = \"people.reader\"",
        "/trigger/3/writes",
        "triggered_domain",
        "`people` is cloned from fixtures",
    );
    told(
        "writes = \"desk.figure\"",
        "writes = \"desk.notice\"",
        "/trigger/3/writes",
        "phase_writes",
        "each phase makes its own",
    );
    let mixed = Library::new().with_manifest(
        "domain = \"people\"\nphase = \"alerts\"\nwrites = \"desk.notice\"",
        "domain = \"people\"\nphase = \"alerts\"\nwrites = \"desk.figure\"",
    );
    let faults = mixed.faults();
    assert!(
        faults
            .iter()
            .any(|fault| fault.pointer == "/trigger/2/writes"
                && fault.rule == "phase_writes"
                && fault
                    .message
                    .contains("`overdue` of phase alerts writes desk.notice")),
        "{faults:?}"
    );
}

#[test]
fn what_triggers_read() {
    let errands = "reads = [{ entity = \"people.house\" }]";
    told(
        "{ entity = \"shelving.book\"",
        "{ entity = \"shelving.bok\"",
        "/trigger/0/reads/1/entity",
        "unknown_entity",
        "did you mean `shelving.book`?",
    );
    told(
        errands,
        "reads = [{ entity = \"people.house\" }, { entity = \"people.house\" }]",
        "/trigger/2/reads/1",
        "unique",
        "people.house stands there twice",
    );
    let from = "from = [\"own\", \"outlets\"]";
    told(
        from,
        "from = [\"own\", \"outlet\"]",
        "/trigger/3/reads/0/from/1",
        "unknown_relation",
        "did you mean `outlets`?",
    );
    told(
        from,
        "from = [\"own\", \"own\"]",
        "/trigger/3/reads/0/from/1",
        "unique",
        "`own` stands there twice",
    );
    told(
        from,
        "from = []",
        "/trigger/3/reads/0/from",
        "bounds",
        "at least one",
    );
    told(
        errands,
        "reads = [{ entity = \"desk.notice\" }]",
        "/trigger/2/reads/0/entity",
        "phase_order",
        "desk.notice is made in phase alerts, which is not over when phase alerts reads",
    );
    told(
        errands,
        "reads = [{ entity = \"desk.figure\" }]",
        "/trigger/2/reads/0/entity",
        "phase_order",
        "made in phase kpis",
    );
    let unmade = Library::new()
        .with_manifest(FIGURES, "")
        .with_manifest(errands, "reads = [{ entity = \"desk.figure\" }]");
    only(
        &unmade,
        "catalog.toml",
        "/trigger/2/reads/0/entity",
        "phase_order",
        "no trigger writes desk.figure",
    );
}

#[test]
fn figures_of_triggers() {
    let figures = "figures = [\"open_notices\"]";
    told(
        figures,
        "",
        "/trigger/3/figures",
        "figures",
        "names the figures that it computes",
    );
    told(
        "reads = [{ entity = \"people.house\" }]",
        "reads = [{ entity = \"people.house\" }]\nfigures = [\"readers\"]",
        "/trigger/2/figures",
        "figures",
        "only a trigger of phase kpis",
    );
    told(
        figures,
        "figures = [\"open_notice\"]",
        "/trigger/3/figures/0",
        "figures",
        "`kpi` of desk.figure is never `open_notice`; did you mean `open_notices`?",
    );
    told(
        figures,
        "figures = [\"readers\", \"readers\"]",
        "/trigger/3/figures/1",
        "unique",
        "`desk-figures` computes the figure `readers` already",
    );
    told(
        figures,
        "figures = [\"Readers\"]",
        "/trigger/3/figures/0",
        "slug",
        "not a slug",
    );
}
