use std::time::Duration;

/// The pause before the second connection in a row that may be for nothing; each further one
/// doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// After so many connections for nothing, one after the other, requests get an error.
const MOST_FAILURES: u32 = 10;

/// How fast connections are made to a server that closes them before it answers anything, as one
/// does that is being stopped, or a load balancer with nobody behind it. The first one is replaced
/// at once: it may have waited for long.
#[derive(Default)]
pub(super) struct Backoff {
    /// Connections for nothing, one after the other.
    failures: u32,
}

impl Backoff {
    /// The server has sent a response.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// A connection was closed without having had a response.
    pub(super) fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// What to wait before the next connection.
    pub(super) fn delay(&self) -> Duration {
        match self.failures.checked_sub(2) {
            None => Duration::ZERO,
            Some(doubled) => {
                let factor = 2_u32.checked_pow(doubled).unwrap_or(u32::MAX);
                FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
            }
        }
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.failures >= MOST_FAILURES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_until_a_response_comes() {
        let mut backoff = Backoff::default();
        let mut delays = vec![];
        for _ in 0..11 {
            delays.push(backoff.delay().as_millis());
            backoff.failed();
        }
        let expected = [0, 0, 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000];
        assert_eq!(delays, expected);
        assert!(backoff.is_exhausted());
        backoff.reset();
        assert!(!backoff.is_exhausted() && backoff.delay().is_zero());
    }
}
