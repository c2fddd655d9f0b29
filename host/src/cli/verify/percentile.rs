//! Percentiles of a series, by nearest rank: a time that was measured, not one in between.

use std::time::Duration;

/// The smallest time that at least `percent` of all are not above; `None` of none.
pub(super) fn percentile(times: &[Duration], percent: usize) -> Option<Duration> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentile_is_a_measured_time() {
        let times: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        let of = |percent| percentile(&times, percent).unwrap().as_millis();
        assert_eq!([50, 95, 99, 100].map(of), [50, 95, 99, 100]);
        let few: Vec<Duration> = [3, 1, 2].map(Duration::from_millis).to_vec();
        let of = |percent| percentile(&few, percent).unwrap().as_millis();
        assert_eq!([1, 50, 95, 99].map(of), [1, 2, 3, 3]);
        assert_eq!(percentile(&[], 50), None);
    }
}
