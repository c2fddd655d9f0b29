//! One page of some segments, without copying or changing a record.

use serde::de::DeserializeSeed as _;
use serde_json::value::RawValue;

use super::Filter;
use super::picked::{Picked, matches};

/// Some of the records of some segments.
#[derive(Debug)]
pub(in crate::http) struct Page<'a> {
    /// The records of this page.
    pub(in crate::http) records: Vec<&'a RawValue>,
    /// The records of all pages.
    pub(in crate::http) total: usize,
    /// Where the next page begins, if there is one.
    pub(in crate::http) next: Option<usize>,
}

/// The records that match every filter, from a position on, at most `limit`. The segments, in their
/// order, count as one list.
///
/// # Errors
/// Where one of `segments` is not a JSON array of objects.
pub(in crate::http) fn select<'a>(
    segments: impl IntoIterator<Item = &'a str>,
    filters: &[Filter],
    from: usize,
    limit: usize,
) -> Result<Page<'a>, serde_json::Error> {
    let mut all: Vec<&RawValue> = Vec::new();
    for rows in segments {
        all.extend(serde_json::from_str::<Vec<&RawValue>>(rows)?);
    }
    let mut page = Page {
        records: Vec::new(),
        total: 0,
        next: None,
    };
    for (position, record) in all.into_iter().enumerate() {
        if !filters.is_empty() {
            let mut record = serde_json::Deserializer::from_str(record.get());
            if !matches(filters, &Picked(filters).deserialize(&mut record)?) {
                continue;
            }
        }
        page.total += 1;
        if position < from {
            continue;
        }
        if page.records.len() < limit {
            page.records.push(record);
        } else if page.next.is_none() {
            page.next = Some(position);
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(page: &Page<'_>) -> Vec<String> {
        page.records
            .iter()
            .map(|record| record.get().to_owned())
            .collect()
    }

    #[test]
    fn page_returns_records_unchanged() {
        let rows = r#"[{"b":1.0,"a":"\u00e9"},{"a":2}]"#;
        let page = select([rows], &[], 0, 1).unwrap();
        assert_eq!(ids(&page), [r#"{"b":1.0,"a":"\u00e9"}"#]);
        assert_eq!((page.total, page.next), (2, Some(1)));
        assert!(select(["{}"], &[], 0, 1).is_err());
    }

    proptest! {
        #[test]
        fn pages_concatenate_to_the_whole(shelves in prop::collection::vec(0_u8..3, 0..40), limit in 1_usize..7, cut in 0_usize..40) {
            let records: Vec<String> = shelves.iter().enumerate().map(|(n, shelf)| format!(r#"{{"id":{n},"shelf":{shelf}}}"#)).collect();
            // One segment or two: the pages are the same.
            let (head, tail) = records.split_at(cut.min(records.len()));
            let rows = [head, tail].map(|records| format!("[{}]", records.join(",")));
            let filters = [Filter::new("shelf", vec!["1".to_owned(), "2".to_owned()]).unwrap()];
            let wanted: Vec<_> = records.iter().zip(&shelves).filter(|(_, shelf)| **shelf > 0).map(|(record, _)| record.clone()).collect();
            let (mut found, mut from) = (Vec::new(), 0);
            loop {
                let page = select(rows.iter().map(String::as_str), &filters, from, limit).unwrap();
                prop_assert_eq!(page.total, wanted.len());
                prop_assert!(page.records.len() <= limit);
                found.extend(ids(&page));
                match page.next {
                    Some(next) => from = next,
                    None => break,
                }
            }
            prop_assert_eq!(found, wanted);
        }
    }
}
