//! What differs from run to run, masked in snapshots.

/// Snapshot settings that mask ids, instants of the real clock, durations and secrets.
pub fn masked() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    for (pattern, mask) in [
        (r"demo_[0-9a-f]{32}", "[session]"),
        (r"v4\.public\.[\w-]+", "[token]"),
        (r"\b[0-9a-f]{64}\b", "[digest]"),
        (
            r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
            "[uuid]",
        ),
        (r#""duration_ms": [\d.]+"#, r#""duration_ms": "[ms]""#),
        (r"http://127\.0\.0\.1:\d+", "[url]"),
    ] {
        settings.add_filter(pattern, mask);
    }
    settings
}

/// The same for what commands print: tables whose columns and rules follow their content.
pub fn masked_text() -> insta::Settings {
    let mut settings = masked();
    for (pattern, mask) in [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[instant]"),
        (r" +[\d.]+ m?s\b", " [time]"),
        (r"─+", "─"),
        // A column is as wide as its widest cell, and what is masked has no width of its own.
        (r"(\S) {2,}", "$1  "),
        (r"\b[0-9a-f]{12}\b", "[digest]"),
        (r"\(process \d+\)", "(process [pid])"),
        (r" +\n", "\n"),
    ] {
        settings.add_filter(pattern, mask);
    }
    settings
}
