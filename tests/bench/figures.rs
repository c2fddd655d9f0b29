//! Medians and minima of a series, in milliseconds, and what takes them.

use std::fmt;
use std::time::{Duration, Instant};

/// What something took.
#[derive(Clone, Copy)]
pub struct Spent {
    pub time: Duration,
    /// Of all processors; nothing where the system does not tell.
    pub cpu: Duration,
}

/// Measures from when it was made.
pub struct Stopwatch {
    cpu: Duration,
    started: Instant,
}

impl Stopwatch {
    pub fn start() -> Self {
        Self {
            cpu: cpu(),
            started: Instant::now(),
        }
    }

    pub fn read(&self) -> Spent {
        let time = self.started.elapsed();
        Spent {
            time,
            cpu: cpu().saturating_sub(self.cpu),
        }
    }
}

/// What the threads of this process have run so far, as Linux counts it; those that have ended are not told.
fn cpu() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    let ran = threads.flatten().filter_map(|thread| {
        let told = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        told.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(ran.sum())
}

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
