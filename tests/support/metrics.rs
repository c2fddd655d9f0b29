//! What a host counts, read as Prometheus reads it.

use std::collections::{BTreeMap, BTreeSet};

/// One scrape.
#[derive(Debug)]
pub struct Metrics {
    /// The names that it has a `HELP` and a `TYPE` line of.
    pub names: BTreeSet<String>,
    samples: BTreeMap<String, f64>,
}

impl Metrics {
    /// Reads the text format.
    pub fn read(text: &str) -> Self {
        let told = |what: &str| -> BTreeSet<String> {
            text.lines()
                .filter_map(|line| line.strip_prefix(what)?.split(' ').next())
                .map(str::to_owned)
                .collect()
        };
        let names = told("# TYPE ");
        assert_eq!(names, told("# HELP "), "{text}");
        let samples: Vec<(String, f64)> = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(|line| {
                let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
                (series.to_owned(), value.parse().unwrap())
            })
            .collect();
        let count = samples.len();
        let samples: BTreeMap<_, _> = samples.into_iter().collect();
        assert_eq!(samples.len(), count, "a series stands there twice: {text}");
        Self { names, samples }
    }

    /// The value of a series, named with its labels in the order in which they are shown.
    pub fn get(&self, series: &str) -> Option<f64> {
        self.samples.get(series).copied()
    }

    /// The value of a series that must be there.
    pub fn value(&self, series: &str) -> f64 {
        self.get(series)
            .unwrap_or_else(|| panic!("no {series} in {:#?}", self.samples))
    }

    /// The series that begin with this.
    pub fn series(&self, prefix: &str) -> Vec<&str> {
        let begins = |name: &&String| name.starts_with(prefix);
        self.samples
            .keys()
            .filter(begins)
            .map(String::as_str)
            .collect()
    }
}
