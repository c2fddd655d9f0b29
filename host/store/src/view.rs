//! What the store has to know of an entity to open its segments as a typed SQL view.

use std::collections::BTreeSet;

use levain_model::ViewSpec;

/// The column that is the segment's key.
pub(super) const TENANT_COLUMN: &str = "tenant_id";

/// Why views cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// A name that needs escapes in SQL or in a JSON path.
    #[error(
        "`{name}` in the view `{view}` cannot be a name in SQL: use letters, digits and underscores"
    )]
    Name {
        /// The view.
        view: String,
        /// The name.
        name: String,
    },
    /// Two columns, or two views, of one name.
    #[error("`{name}` is there twice in {place}")]
    Twice {
        /// The name.
        name: String,
        /// Where.
        place: String,
    },
}

/// Checks that the views can be made: names plain, nothing twice.
///
/// Names come from schemas and become SQL; they are quoted as well, but a name that needs
/// quoting would trap the author of a query.
pub(super) fn check(views: &[ViewSpec]) -> Result<(), ViewError> {
    let mut names = BTreeSet::new();
    for view in views {
        for name in [&view.name, &view.domain, &view.entity]
            .into_iter()
            .chain(view.columns.iter().map(|column| &column.name))
        {
            if !is_plain(name) {
                return Err(ViewError::Name {
                    view: view.name.clone(),
                    name: name.clone(),
                });
            }
        }
        // SQL names ignore case.
        if !names.insert(view.name.to_ascii_lowercase()) {
            return Err(twice(&view.name, "the catalog's views".to_owned()));
        }
        let mut columns = BTreeSet::new();
        for column in &view.columns {
            if !columns.insert(column.name.to_ascii_lowercase()) {
                return Err(twice(&column.name, format!("the view `{}`", view.name)));
            }
        }
    }
    Ok(())
}

fn twice(name: &str, place: String) -> ViewError {
    ViewError::Twice {
        name: name.to_owned(),
        place,
    }
}

fn is_plain(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use levain_model::{Column, ColumnKind};

    fn spec(name: &str, columns: &[&str]) -> ViewSpec {
        ViewSpec {
            name: name.to_owned(),
            domain: "library".to_owned(),
            entity: "book".to_owned(),
            columns: columns
                .iter()
                .map(|name| Column {
                    name: (*name).to_owned(),
                    kind: ColumnKind::Text,
                    nullable: false,
                })
                .collect(),
        }
    }

    #[test]
    fn plain_names_pass() {
        assert_eq!(check(&[spec("library_book", &["id", "title_2"])]), Ok(()));
    }

    #[test]
    fn a_name_that_is_not_plain_is_refused() {
        for name in ["ti\"tle", "1st", "", "a b", "a'b"] {
            assert!(matches!(
                check(&[spec("library_book", &[name])]),
                Err(ViewError::Name { .. })
            ));
        }
    }

    #[test]
    fn a_name_given_twice_is_refused() {
        assert!(check(&[spec("library_book", &["id", "ID"])]).is_err());
        assert!(check(&[spec("a", &[]), spec("A", &[])]).is_err());
    }
}
