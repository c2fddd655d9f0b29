//! Values and tables for people.

use comfy_table::{Cell, CellAlignment, LineStyle, Table, TableStyle};

/// A number with its thousands separated: `3,512`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration in milliseconds: `0.4 ms`, `38 ms`, `1.2 s`.
pub(super) fn duration(milliseconds: f64) -> String {
    if milliseconds >= 1000.0 {
        format!("{:.1} s", milliseconds / 1000.0)
    } else if milliseconds >= 10.0 {
        format!("{milliseconds:.0} ms")
    } else {
        format!("{milliseconds:.1} ms")
    }
}

/// The start of a digest, long enough to distinguish two.
pub(super) fn short_digest(digest: &str) -> String {
    digest.chars().take(12).collect()
}

/// Shown for an absent value.
pub(super) const NOTHING: &str = "-";

/// A column's header and alignment.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column {
    Left(&'static str),
    Right(&'static str),
}

/// A table without frames: one rule under the header, and one above a total.
#[derive(Debug)]
pub(super) struct Grid {
    columns: Vec<Column>,
    table: Table,
    has_total: bool,
}

const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

impl Grid {
    pub(super) fn new(columns: &[Column]) -> Self {
        let mut table = Table::new();
        table.load_style(STYLE);
        let header = columns.iter().map(|column| match column {
            Column::Left(name) => Cell::new(name),
            Column::Right(name) => Cell::new(name).set_alignment(CellAlignment::Right),
        });
        table.set_header(header.collect::<Vec<_>>());
        Self {
            columns: columns.to_vec(),
            table,
            has_total: false,
        }
    }

    pub(super) fn line(&mut self, cells: Vec<String>) {
        let cells = cells.into_iter().zip(&self.columns).map(|(text, column)| {
            let cell = Cell::new(text);
            match column {
                Column::Left(_) => cell,
                Column::Right(_) => cell.set_alignment(CellAlignment::Right),
            }
        });
        self.table.add_row(cells.collect::<Vec<_>>());
    }

    /// Adds the last line, set apart.
    pub(super) fn total(&mut self, cells: Vec<String>) {
        self.line(cells);
        self.has_total = true;
    }
}

impl std::fmt::Display for Grid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.table.trim_fmt();
        let mut lines: Vec<&str> = text.lines().collect();
        if self.has_total
            && let Some(rule) = lines.get(1).copied()
        {
            lines.insert(lines.len() - 1, rule);
        }
        f.write_str(&lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        let texts = [0, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn durations_are_shown_at_their_scale() {
        let texts = [0.44, 9.96, 38.2, 1250.0].map(duration);
        assert_eq!(texts, ["0.4 ms", "10.0 ms", "38 ms", "1.2 s"]);
    }
}
