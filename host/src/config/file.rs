//! Reads the optional configuration file: TOML, flattened to the table's keys.

use std::path::Path;

use super::ConfigError;

/// One value of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FileValue {
    /// Its key, tables joined by dots.
    pub(super) key: String,
    /// Its text; `None` for what no setting can be (an array, a date).
    pub(super) text: Option<String>,
}

/// Reads a file.
pub(super) fn read(file: &Path) -> Result<Vec<FileValue>, ConfigError> {
    let text = std::fs::read_to_string(file).map_err(|source| ConfigError::Unreadable {
        file: file.to_owned(),
        source,
    })?;
    parse(&text).map_err(|source| ConfigError::Malformed {
        file: file.to_owned(),
        source,
    })
}

fn parse(text: &str) -> Result<Vec<FileValue>, toml::de::Error> {
    let table: toml::Table = text.parse()?;
    let mut values = Vec::new();
    flatten("", table, &mut values);
    Ok(values)
}

fn flatten(prefix: &str, table: toml::Table, values: &mut Vec<FileValue>) {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        let text = match value {
            toml::Value::Table(inner) => {
                flatten(&format!("{key}."), inner, values);
                continue;
            }
            toml::Value::String(text) => Some(text),
            toml::Value::Integer(number) => Some(number.to_string()),
            toml::Value::Float(number) => Some(number.to_string()),
            toml::Value::Boolean(truth) => Some(truth.to_string()),
            toml::Value::Array(_) | toml::Value::Datetime(_) => None,
        };
        values.push(FileValue { key, text });
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn tables_become_dots() {
        let values = parse("listen = \"x\"\n[sandbox]\nrecords = 7\nwrong = [1]\n").unwrap();
        let pairs: Vec<_> = values
            .iter()
            .map(|value| (value.key.as_str(), value.text.as_deref()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("listen", Some("x")),
                ("sandbox.records", Some("7")),
                ("sandbox.wrong", None),
            ]
        );
    }
}
