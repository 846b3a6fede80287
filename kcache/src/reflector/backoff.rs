//! How long to wait before the next request.

use std::time::Duration;

use tokio::time::Instant;

/// Waits that grow from 0.8 s to 30 s while things go wrong, and start over after two minutes
/// without: client-go's reflector, apart from the longest wait, which is there 60 s.
#[derive(Default)]
pub(super) struct Backoff {
    failures: u32,
    /// When the last wait was over.
    since: Option<Instant>,
}

const FIRST: Duration = Duration::from_millis(800);
/// Up to as much again is added, so that clients do not come back all at once.
const LAST: Duration = Duration::from_secs(15);
const HEALTHY: Duration = Duration::from_secs(120);

impl Backoff {
    /// How long to wait this time.
    pub(super) fn next(&mut self) -> Duration {
        let now = Instant::now();
        if self.since.is_some_and(|since| now >= since + HEALTHY) {
            self.failures = 0;
        }
        let wait = FIRST * 2_u32.pow(self.failures.min(8));
        let wait = wait.min(LAST).mul_f64(1.0 + random());
        self.failures = self.failures.saturating_add(1);
        self.since = Some(now + wait);
        wait
    }
}

/// A request tells the server to end a watch after 5 to 10 minutes, so that watches move between servers
/// and not all at once.
pub(super) fn watch_timeout() -> Duration {
    let seconds = Duration::from_secs(300).mul_f64(1.0 + random()).as_secs();
    Duration::from_secs(seconds)
}

/// A time at random, so that clients do not come all at once.
pub(super) fn up_to(longest: Duration) -> Duration {
    longest.mul_f64(random())
}

/// Between 0 and 1; without a source of randomness, in the middle.
fn random() -> f64 {
    getrandom::u32().map_or(0.5, |bits| f64::from(bits) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_grow_to_half_a_minute_and_start_over_after_two_minutes_of_health() {
        let mut backoff = Backoff::default();
        for least in [0.8, 1.6, 3.2, 6.4, 12.8, 15.0, 15.0] {
            let wait = backoff.next();
            assert!(
                (least..=least * 2.0).contains(&wait.as_secs_f64()),
                "{wait:?}"
            );
            tokio::time::sleep(wait + Duration::from_secs(119)).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(backoff.next() < Duration::from_secs(2));
    }
}
