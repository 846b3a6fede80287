//! Medians of what was measured in pairs, so that what else the machine does falls on both alike.

use serde_json::json;

/// A median with its 95 % interval.
#[derive(Clone, Copy)]
pub(crate) struct Median {
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Median {
    /// Of some hundred values; the interval is that of the binomial distribution's order statistics.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "ranks in a list of some hundred"
    )]
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let count = values.len() as f64;
        let half = 0.98 * count.sqrt();
        let low = (count / 2.0 - half).max(0.0) as usize;
        let high = ((count / 2.0 + half) as usize).min(values.len() - 1);
        Self {
            value: values[values.len() / 2],
            low: values[low],
            high: values[high],
        }
    }

    /// Of what one row has over another, pair by pair.
    pub(crate) fn of_differences(row: &[f64], base: &[f64]) -> Self {
        Self::of(row.iter().zip(base).map(|(value, base)| value - base))
    }

    /// Of how many times the other one row is, pair by pair.
    pub(crate) fn of_ratios(row: &[f64], base: &[f64]) -> Self {
        Self::of(row.iter().zip(base).map(|(value, base)| value / base))
    }

    pub(crate) fn to_json(self) -> serde_json::Value {
        json!({ "median": self.value, "low": self.low, "high": self.high })
    }

    /// `134 (130 to 139)`
    pub(crate) fn shown(self, digits: usize) -> String {
        let Self { value, low, high } = self;
        format!("{value:.digits$} ({low:.digits$} to {high:.digits$})")
    }
}

/// The places of `count` rows, another one first in each round: what comes first finds another
/// machine than what follows.
pub(crate) fn order(round: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |place| (place + round) % count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_its_interval() {
        let median = Median::of((0..400).map(f64::from));
        assert_eq!(median.shown(0), "200 (180 to 219)");
        let alone = Median::of([3.0]);
        assert_eq!(alone.shown(1), "3.0 (3.0 to 3.0)");
        let ratio = Median::of_ratios(&[2.0, 9.0, 4.0], &[1.0, 3.0, 2.0]);
        assert_eq!(ratio.shown(0), "2 (2 to 3)");
    }

    #[test]
    fn each_row_comes_first_once() {
        let firsts: Vec<_> = (0..3)
            .map(|round| order(round, 3).next().unwrap())
            .collect();
        assert_eq!(firsts, [0, 1, 2]);
        assert_eq!(order(2, 3).collect::<Vec<_>>(), [2, 0, 1]);
    }
}
