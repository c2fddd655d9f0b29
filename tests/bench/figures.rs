//! Medians and minima of a series, in milliseconds.

use std::fmt;
use std::time::Duration;

/// Times of one thing.
#[derive(Default)]
pub struct Figures(Vec<f64>);

impl Figures {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn add(&mut self, time: Duration) {
        self.0.push(time.as_secs_f64() * 1e3);
    }

    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    pub fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:.3} ({:.3})", self.median(), self.least()))
    }
}

/// One line of a table of two columns.
pub fn line(name: &str, figures: &Figures) {
    println!("{name:<14} {figures:>18}");
}
